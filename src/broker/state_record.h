#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "broker/coordinator/group_records.h"
#include "broker/coordinator/offsets.h"
#include "broker/coordinator/producer_ids.h"
#include "broker/coordinator/transaction.h"
#include "broker/topic.h"

namespace holdfast::broker {

/// Changes of the broker's durable state, one frame of kind `state` each. Format:
/// docs/formats/broker-state.md.
struct ClusterCreated {
  std::string cluster_id;
};
struct TopicCreated {
  TopicId id{};
  std::string name;
  uint32_t first_log_id = 0;  // its partitions have this and the following numbers in the log
  int32_t partitions = 0;
  ConfigMap config;
};
struct TopicDeleted {
  TopicId id{};
};
struct PartitionsAdded {
  TopicId id{};
  uint32_t first_log_id = 0;
  int32_t added = 0;
};
struct TopicConfigured {
  TopicId id{};
  ConfigMap config;  // all of it, not the difference
};
struct BrokerConfigured {
  ConfigMap config;
};
struct LogStartMoved {
  uint32_t log_id = 0;
  int64_t log_start = 0;
};

/// Of many partitions together.
struct LogStartsMoved {
  std::vector<LogStartMoved> moves;
};

/// Aborted transactions that ended below an offset of a partition have left no records there:
/// compaction took them away for good, so readers need not be told to skip them any more.
struct AbortsForgotten {
  struct Below {
    uint32_t log_id = 0;
    int64_t offset = 0;
  };
  std::vector<Below> partitions;
};

using StateRecord =
    std::variant<ClusterCreated, TopicCreated, TopicDeleted, PartitionsAdded, TopicConfigured,
                 BrokerConfigured, LogStartMoved, coordinator::OffsetsCommitted,
                 coordinator::ProducerIdsReserved, coordinator::GroupStored,
                 coordinator::GroupsForgotten, coordinator::OffsetsForgotten,
                 coordinator::TransactionalIdTaken, coordinator::TransactionGrew,
                 coordinator::TransactionPrepared, coordinator::TransactionCompleted,
                 coordinator::TransactionOffsetsStored, coordinator::TransactionalIdForgotten,
                 LogStartsMoved, AbortsForgotten>;

ByteBuffer encode(const StateRecord& record);
/// Fails with `version_unknown` or `corrupt`.
Result<StateRecord> decode_state_record(ByteView bytes);

void write_config(coordinator::StateWriter& out, const ConfigMap& config);
ConfigMap read_config(coordinator::StateReader& in);
void write_id(coordinator::StateWriter& out, const TopicId& id);
TopicId read_id(coordinator::StateReader& in);

}  // namespace holdfast::broker
