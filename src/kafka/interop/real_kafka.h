#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "kafka/admin.h"
#include "kafka/consumer.h"
#include "kafka/producer.h"
#include "testing/temporary_folder.h"

namespace holdfast::kafka {

/// A real Apache Kafka of the test's own, started by tools/kafka/run. With HOLDFAST_KAFKA_BOOTSTRAP=host:port the tests run
/// against that broker instead, and those that kill it are skipped.
class RealKafka {
 public:
  RealKafka() = default;
  ~RealKafka() { kill_hard(); }
  RealKafka(const RealKafka&) = delete;
  RealKafka& operator=(const RealKafka&) = delete;

  /// Starts it, or starts it again on its data and ports. False when there is no Java or no Maven here.
  bool start();
  /// SIGKILL, and waits until it is gone.
  void kill_hard();
  bool is_external() const { return external_; }
  /// Once started.
  ClientSettings client() const { return {.bootstrap_servers = address_, .client_id = "interop", .extra = {}}; }

  /// The one that the whole test program shares.
  static RealKafka& shared();

 private:
  testing::TemporaryFolder folder_;
  std::string address_;
  pid_t runner_ = -1;
  bool external_ = false;
  bool unavailable_ = false;
};

/// A topic name not used before.
std::string fresh_topic_name();
/// Makes a topic of that many partitions; fails the test when it cannot.
std::string make_topic(const ClientSettings& client, int32_t partitions, std::map<std::string, std::string> configs = {});

/// Waits until all in flight have ended (at most `timeout_ms`), and answers all Deliveries.
std::vector<Delivery> collect(Producer& producer, int timeout_ms);

/// Waits until the last transaction of that id is to be seen in the partitions: a commit is answered before its markers are
/// written, and a new producer of the id begins only after. The old producer is fenced by it.
void settle_transactions(const ClientSettings& client, const std::string& transactional_id);

/// A message copied out of its batch.
struct Seen {
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};
/// All messages of the partitions 0..partitions-1, until each has told its end.
std::vector<Seen> read_all(const ClientSettings& client, const std::string& topic, int32_t partitions,
                           bool read_committed = true);

}  // namespace holdfast::kafka

/// Starts the shared Kafka into `kafka`, or skips the test where it cannot run.
#define HOLDFAST_NEEDS_KAFKA(kafka)                                                           \
  ::holdfast::kafka::RealKafka& kafka = ::holdfast::kafka::RealKafka::shared();                \
  if (!kafka.start()) GTEST_SKIP() << "Apache Kafka cannot run here: Java or Maven is missing"
