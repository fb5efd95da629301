#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/partition_transactions.h"
#include "broker/coordinator/producer_states.h"
#include "broker/produce_rules.h"
#include "log/cleaning_rules.h"
#include "wire/types.h"

namespace holdfast::broker {

/// A topic's id (KIP-516): never used again for a later topic of the same name.
using TopicId = wire::Uuid;
/// Settings as clients wrote them; what is not there has its default.
using ConfigMap = std::map<std::string, std::string, std::less<>>;

/// What the settings of a topic mean to the code that appends.
struct TopicRules {
  int32_t message_bytes_max = 0;
  bool log_append_time = false;
  bool compacted = false;
  bool deleted = true;           // what is too old or too much goes
  int64_t retention_ms = -1;     // -1: no bound
  int64_t retention_bytes = -1;  // of a partition
  log::CompactionRule compaction;
  ProduceRules produce;
};

class FetchWaiter;
struct Topic;

/// A partition: where it begins, ends, and how far it is durable. The records are in the log under
/// `log_id`.
struct Partition {
  Topic* topic = nullptr;
  int32_t index = 0;
  log::PartitionId log_id;
  int64_t log_start = 0;  // the first offset that may be read
  int64_t end = 0;        // the next record's offset
  int64_t high_watermark =
      0;  // below it all is durable, and readers may see it; the end, but for what is on its way
  int64_t last_stable_offset =
      0;  // below it all is decided as well; never above the high watermark
  coordinator::ProducerStates producers;
  std::unique_ptr<coordinator::PartitionTransactions> transactions;  // null: there were none
  log::Position last_append;             // behind the newest frame of this run
  std::vector<FetchWaiter*> waiters;     // fetches that wait for more
  int64_t retention_due_ms = INT64_MAX;  // when Retention looks at it next (steady clock)
  bool oversized = false;                // Retention has noted that it is larger than it may be

  /// The last stable offset once everything appended is durable.
  int64_t stable_end() const {
    const auto open = transactions ? transactions->first_open() : std::nullopt;
    return open ? std::max(*open, log_start) : end;
  }
  /// Whether this producer has a transaction open here.
  bool in_transaction(int64_t producer_id) const {
    return transactions && transactions->open_since(producer_id);
  }
  /// How far readers may see: only what is committed or aborted for good, or all that is durable.
  int64_t readable_end(bool committed_only) const {
    return committed_only ? last_stable_offset : high_watermark;
  }
};

/// There is one broker, so leadership never changes and no record is ever taken back: one epoch for
/// all time.
inline constexpr int32_t leader_epoch = 0;

struct Topic {
  TopicId id{};
  std::string name;
  ConfigMap config;
  TopicRules rules;
  std::vector<std::unique_ptr<Partition>> partitions;

  Partition* partition(int32_t index) const {
    return index < 0 || static_cast<size_t>(index) >= partitions.size()
               ? nullptr
               : partitions[static_cast<size_t>(index)].get();
  }
};

/// Kafka's rules: 1 to 249 of letters, digits, '.', '_', '-'; not "." or "..".
bool topic_name_valid(std::string_view name);
/// Kafka's own topics, which do not exist here unless somebody creates one of the name.
inline bool topic_internal(std::string_view name) {
  return name == "__consumer_offsets" || name == "__transaction_state" ||
         name == "__share_group_state";
}

}  // namespace holdfast::broker
