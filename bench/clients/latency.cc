// Measures how long a record takes from the moment it was due to its acknowledgement, at a fixed rate, with librdkafka at
// linger 0. Open loop: records are due on a fixed schedule whether or not earlier ones are answered, and a late start counts
// as latency (no coordinated omission). Prints one line of JSON.
//
//   bench_latency BOOTSTRAP TOPIC RECORDS_PER_SECOND SECONDS RECORD_BYTES
#include <sys/prctl.h>

#include <atomic>
#include <string>
#include <thread>

#include "client.h"

namespace {

void wait_until(int64_t at_ns) {
  const timespec t{.tv_sec = at_ns / 1'000'000'000, .tv_nsec = at_ns % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr);
}

/// Latencies by record number; only the delivery thread writes, and main reads after it ended.
struct Measured {
  std::vector<int64_t> due_ns;
  std::vector<int64_t> latency_ns;
  uint64_t failed = 0;
};

void delivered(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& measured = *static_cast<Measured*>(opaque);
  const auto number = reinterpret_cast<uintptr_t>(message->_private);
  if (message->err) {
    ++measured.failed;
  } else {
    measured.latency_ns[number] = now_ns() - measured.due_ns[number];
  }
}

void print(const Measured& measured, size_t skip) {
  std::vector<int64_t> sorted(measured.latency_ns.begin() + static_cast<ptrdiff_t>(skip), measured.latency_ns.end());
  std::sort(sorted.begin(), sorted.end());
  std::printf(R"({"records": %zu, "failed": %lu, "p50_ms": %.3f, "p99_ms": %.3f, "p999_ms": %.3f, "max_ms": %.3f})"
              "\n",
              sorted.size(), static_cast<unsigned long>(measured.failed), at_ms(sorted, 0.5), at_ms(sorted, 0.99),
              at_ms(sorted, 0.999), at_ms(sorted, 1.0));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: bench_latency BOOTSTRAP TOPIC RECORDS_PER_SECOND SECONDS RECORD_BYTES\n");
    return 2;
  }
  const int64_t rate = std::atoll(argv[3]);
  const size_t count = static_cast<size_t>(rate * std::atoll(argv[4]));
  const std::string payload(std::strtoul(argv[5], nullptr, 10), 'x');
  prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);  // the default of 50 us would be a whole interval at 20,000 a second

  Measured measured;
  measured.due_ns.resize(count);
  measured.latency_ns.resize(count);
  rd_kafka_t* producer = make_client(RD_KAFKA_PRODUCER,
                                     {{"bootstrap.servers", argv[1]},
                                      {"linger.ms", "0"},
                                      {"acks", "all"},
                                      {"enable.idempotence", "true"},
                                      {"socket.nagle.disable", "true"}},
                                     delivered, &measured);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  std::atomic<bool> all_sent{false};
  std::thread deliveries([&] {
    while (!all_sent || rd_kafka_outq_len(producer) > 0) rd_kafka_poll(producer, 100);
  });
  const int64_t start_ns = now_ns() + 100'000'000;
  for (size_t i = 0; i < count; ++i) {
    measured.due_ns[i] = start_ns + static_cast<int64_t>(i) * 1'000'000'000 / rate;
    if (now_ns() < measured.due_ns[i]) wait_until(measured.due_ns[i]);
    while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, const_cast<char*>(payload.data()),
                            payload.size(), nullptr, 0, reinterpret_cast<void*>(i)) != 0) {
      wait_until(now_ns() + 100'000);  // the client's queue is full: the wait shows as latency
    }
  }
  all_sent = true;
  deliveries.join();
  print(measured, std::min(count / 5, count - 1));  // the first fifth warms up
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  return measured.failed == 0 ? 0 : 1;
}
