// A member of a group, in a process that can be killed: prints a line with the CLOCK_MONOTONIC time of its first record, then
// reads on until it is killed.
//
//   bench_member BOOTSTRAP GROUP TOPIC SESSION_TIMEOUT_MS
#include <cinttypes>

#include "client.h"

namespace {

rd_kafka_t* connect(char** arguments) {
  rd_kafka_t* consumer = make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", arguments[1]},
                                                         {"group.id", arguments[2]},
                                                         {"session.timeout.ms", arguments[4]},
                                                         {"heartbeat.interval.ms", "1000"},
                                                         {"auto.offset.reset", "earliest"},
                                                         {"enable.auto.commit", "false"},
                                                         {"fetch.wait.max.ms", "100"}});
  rd_kafka_poll_set_consumer(consumer);
  return consumer;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 64;
  rd_kafka_t* consumer = connect(arguments);
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, arguments[3], RD_KAFKA_PARTITION_UA);
  if (rd_kafka_subscribe(consumer, topics)) return 1;
  for (bool first = true;;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(consumer, 1000);
    if (!message) continue;
    if (!message->err && first) {
      first = false;
      std::printf("%" PRId64 "\n", now_ns());
      std::fflush(stdout);
    }
    rd_kafka_message_destroy(message);
  }
}
