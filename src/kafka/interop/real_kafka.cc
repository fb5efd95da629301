#include "kafka/interop/real_kafka.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>

#include "base/os/clock.h"

namespace holdfast::kafka {
namespace {

constexpr int missing_tools = 69;  // exit code of tools/kafka/run

/// The runner, which dies with us and takes Kafka along. Its standard output is the pipe.
pid_t spawn(const std::vector<std::string>& words, int output) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(output, STDOUT_FILENO);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  return child;
}

}  // namespace

bool RealKafka::start() {
  if (runner_ > 0 || external_) return true;
  if (unavailable_) return false;
  if (const char* given = std::getenv("HOLDFAST_KAFKA_BOOTSTRAP")) {
    address_ = given;
    return external_ = true;
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  runner_ = spawn({HOLDFAST_SOURCE_DIR "/tools/kafka/run", "--data", folder_.path() + "/kafka", "--port-file",
                   folder_.path() + "/port", "--pid-file", folder_.path() + "/pid", "--quick"},
                  ends[1]);
  ::close(ends[1]);
  char line[256] = "";
  // Ends with the ready line, or with the runner.
  const ssize_t size = ::read(ends[0], line, sizeof line - 1);
  ::close(ends[0]);
  if (size <= 0) {
    int status = 0;
    ::waitpid(runner_, &status, 0);
    runner_ = -1;
    unavailable_ = WIFEXITED(status) && WEXITSTATUS(status) == missing_tools;
    EXPECT_TRUE(unavailable_) << "Kafka did not start";
    return false;
  }
  std::ifstream(folder_.path() + "/port") >> address_;
  return true;
}

void RealKafka::kill_hard() {
  if (runner_ <= 0) return;
  pid_t java = -1;
  std::ifstream(folder_.path() + "/pid") >> java;
  if (java > 0) ::kill(java, SIGKILL);
  // The runner waits for its child, so Kafka is gone (and its ports free) when the runner is.
  ::waitpid(runner_, nullptr, 0);
  runner_ = -1;
}

RealKafka& RealKafka::shared() {
  static RealKafka kafka;
  return kafka;
}

std::string fresh_topic_name() {
  static int count = 0;
  // Against a broker that is not ours, names of an earlier run must not come again.
  return "interop-" + std::to_string(os::real_clock().wall_us()) + "-" + std::to_string(++count);
}

std::string make_topic(const ClientSettings& client, int32_t partitions, std::map<std::string, std::string> configs) {
  const auto admin = Admin::create(client);
  EXPECT_TRUE(admin);
  const std::string topic = fresh_topic_name();
  const auto made = (*admin)->create_topic(
      {.name = topic, .partitions = partitions, .replication_factor = 1, .configs = std::move(configs)}, 30'000);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return topic;
}

std::vector<Delivery> collect(Producer& producer, int timeout_ms) {
  std::vector<Delivery> all;
  const int64_t until_ms = os::real_clock().steady_ms() + timeout_ms;
  while (producer.in_flight() > 0 && os::real_clock().steady_ms() < until_ms) {
    const auto some = producer.flush(100);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

void settle_transactions(const ClientSettings& client, const std::string& transactional_id) {
  const auto successor = Producer::create(client, {.transactional_id = transactional_id});
  ASSERT_TRUE(successor);
  const auto step = (*successor)->init_transactions(30'000);
  ASSERT_TRUE(step.done()) << step.why;
}

std::vector<Seen> read_all(const ClientSettings& client, const std::string& topic, int32_t partitions,
                           bool read_committed) {
  std::vector<Seen> all;
  const auto consumer = Consumer::create(client, {.read_committed = read_committed, .fetch_wait_max_ms = 10});
  EXPECT_TRUE(consumer);
  std::vector<Assignment> assignment;
  for (int32_t i = 0; i < partitions; ++i) assignment.push_back({topic, i, offset_beginning});
  EXPECT_TRUE((*consumer)->assign(assignment));
  std::set<int32_t> ended;
  std::vector<HeaderView> headers;
  const int64_t until_ms = os::real_clock().steady_ms() + 60'000;
  const auto text = [](ByteView bytes) { return std::string(as_text(bytes)); };
  while (ended.size() < static_cast<size_t>(partitions)) {
    if (os::real_clock().steady_ms() > until_ms) {
      ADD_FAILURE() << "topic " << topic << " could not be read to its end";
      return all;
    }
    const auto batch = (*consumer)->poll();
    EXPECT_TRUE(batch);
    for (const Message& message : batch->messages()) {
      Seen& seen = all.emplace_back(Seen{message.partition, message.offset, message.timestamp_ms(), {}, {}, {}});
      if (message.key) seen.key = text(*message.key);
      if (message.value) seen.value = text(*message.value);
      message.read_headers(headers);
      for (const HeaderView& header : headers)
        seen.headers.emplace_back(header.name, header.value ? std::optional(text(*header.value)) : std::nullopt);
    }
    for (const PartitionEvent& event : batch->events()) {
      EXPECT_EQ(event.kind, PartitionEvent::Kind::end_of_partition) << event.error.message;
      ended.insert(event.partition);
    }
  }
  return all;
}

}  // namespace holdfast::kafka
