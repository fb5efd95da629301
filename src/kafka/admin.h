#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "kafka/consumer.h"
#include "kafka/settings.h"

namespace holdfast::kafka {

struct NewTopic {
  std::string name = {};
  int32_t partitions = 1;
  int16_t replication_factor = 1;
  std::map<std::string, std::string> configs = {};  // by Kafka's names
};

struct TopicInfo {
  std::string name = {};
  int32_t partitions = 0;
};

/// Whether a partition ends at its last stable offset, or behind all that was written, whatever is decided of it.
enum class Isolation : uint8_t { read_committed, read_uncommitted };

/// Looks at a cluster and changes its topics. Every call is bounded by its time-out; a broker that is down is an error
/// (`timeout` or `unavailable`), never a hang.
///
/// Threads: one at a time.
class Admin {
 public:
  static Result<std::unique_ptr<Admin>> create(const ClientSettings& client);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  /// Waits until a broker answers. Fails with `timeout`.
  Status wait_for_broker(int timeout_ms);

  /// `exists` when it is there already, whatever its settings. Waits until the metadata show it. `timeout` and
  /// `unavailable` leave open whether it was made: calling again tells.
  Status create_topic(const NewTopic& topic, int timeout_ms);
  /// The same, but content with a topic that exists.
  Status ensure_topic(const NewTopic& topic, int timeout_ms);
  Status delete_topic(const std::string& topic, int timeout_ms);

  /// All topics, by name; internal ones (beginning with "__") included.
  Result<std::vector<TopicInfo>> topics(int timeout_ms);
  /// Fails with `not_found`.
  Result<TopicInfo> topic(const std::string& topic, int timeout_ms);

  /// In the order asked; two requests to each leader, however many partitions. The first call with `read_uncommitted`
  /// opens a second client.
  Result<std::vector<Watermarks>> watermarks(std::span<const TopicPartition> partitions, int timeout_ms,
                                             Isolation isolation = Isolation::read_committed);

 private:
  struct Impl;
  explicit Admin(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::kafka
