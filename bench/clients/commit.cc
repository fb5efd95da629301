// Measures small transactions one after the other, with librdkafka at linger 0: from the call of commit to its answer (which
// holds what of the records was not acknowledged yet), and from the beginning of the transaction. Prints one line of JSON.
//
//   bench_commit BOOTSTRAP TOPIC TRANSACTIONS RECORDS RECORD_BYTES
#include <string>

#include "client.h"

namespace {

void must(rd_kafka_error_t* error) {
  if (error) give_up(rd_kafka_error_string(error));
}

/// Without a callback librdkafka's flush, which is a part of commit, looks only every 10 ms whether all is delivered.
void delivered(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  if (message->err) give_up(rd_kafka_err2str(message->err));
}

rd_kafka_t* connect(const char* bootstrap, const char* transactional_id) {
  rd_kafka_t* producer = make_client(RD_KAFKA_PRODUCER,
                                     {{"bootstrap.servers", bootstrap},
                                      {"transactional.id", transactional_id},
                                      {"linger.ms", "0"},
                                      {"socket.nagle.disable", "true"}},
                                     delivered);
  must(rd_kafka_init_transactions(producer, 60'000));
  return producer;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: bench_commit BOOTSTRAP TOPIC TRANSACTIONS RECORDS RECORD_BYTES\n");
    return 2;
  }
  const int transactions = std::atoi(argv[3]);
  const int records = std::atoi(argv[4]);
  const std::string payload(std::strtoul(argv[5], nullptr, 10), 'x');
  rd_kafka_t* producer = connect(argv[1], argv[2]);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  std::vector<int64_t> commit_ns;
  std::vector<int64_t> whole_ns;
  for (int i = 0; i < transactions; ++i) {
    const int64_t began_ns = now_ns();
    must(rd_kafka_begin_transaction(producer));
    for (int r = 0; r < records; ++r) {
      if (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, const_cast<char*>(payload.data()), payload.size(),
                           nullptr, 0, nullptr) != 0)
        give_up(rd_kafka_err2str(rd_kafka_last_error()));
    }
    const int64_t commits_ns = now_ns();
    must(rd_kafka_commit_transaction(producer, 60'000));
    if (i < transactions / 5) continue;  // the first fifth warms up
    commit_ns.push_back(now_ns() - commits_ns);
    whole_ns.push_back(now_ns() - began_ns);
  }
  std::sort(commit_ns.begin(), commit_ns.end());
  std::sort(whole_ns.begin(), whole_ns.end());
  std::printf(R"({"transactions": %zu, "commit_p50_ms": %.3f, "commit_p99_ms": %.3f, "whole_p50_ms": %.3f, "whole_p99_ms": %.3f})"
              "\n",
              commit_ns.size(), at_ms(commit_ns, 0.5), at_ms(commit_ns, 0.99), at_ms(whole_ns, 0.5), at_ms(whole_ns, 0.99));
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  return 0;
}
