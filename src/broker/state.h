#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/coordinator/pending_offsets.h"
#include "broker/coordinator/stored_groups.h"
#include "broker/coordinator/transactions.h"
#include "broker/state_record.h"
#include "record/batch.h"

namespace holdfast::broker {

/// Everything of the broker that survives a restart. Changed by `replay` alone, on the live path
/// (right after the record was appended) and after a restart alike, so a checkpoint and the frames
/// behind it give the same state again.
///
/// What `replay` has changed may not be durable yet: whoever answers from it waits for the log
/// first.
class State {
 public:
  /// `started_with`: the broker's settings by name, for what topics and `broker_config` do not say;
  /// not part of what survives.
  explicit State(ConfigMap started_with = {}) : started_with_(std::move(started_with)) {}

  /// Fails with `corrupt` when the record contradicts what came before it.
  Status replay(const StateRecord& record);
  /// A batch frame. Those of deleted topics change nothing.
  void replay_batch(log::PartitionId log_id, const record::BatchView& batch, int64_t now_ms);
  /// The same on the live path, where `batch` still has the base offset that its producer gave it.
  void replay_batch(Partition& partition, const record::BatchView& batch, int64_t base_offset,
                    int64_t now_ms);
  /// After the last record of a restart: what is in the log is durable.
  void restart_done();

  /// The whole state as bytes; equal states give equal bytes.
  ByteBuffer checkpoint() const;
  /// Into an empty state. Fails with `version_unknown` or `corrupt`.
  Status load(ByteView checkpoint, int64_t now_ms);

  Topic* topic(std::string_view name) const;
  Topic* topic(const TopicId& id) const;
  const std::map<std::string, Topic*, std::less<>>& topics() const { return by_name_; }
  uint32_t partition_count() const { return partition_count_; }
  uint32_t next_log_id() const { return next_log_id_; }
  const std::string& cluster_id() const { return cluster_id_; }
  const ConfigMap& broker_config() const { return broker_config_; }
  const coordinator::Offsets& offsets() const { return offsets_; }
  const coordinator::StoredGroups& groups() const { return groups_; }
  coordinator::ProducerIds& producer_ids() { return producer_ids_; }
  const coordinator::Transactions& transactions() const { return transactions_; }
  const coordinator::PendingOffsets& pending_offsets() const { return pending_offsets_; }
  /// By its number in the log; null: there is none (any more).
  Partition* partition(log::PartitionId log_id) const;

  /// Called right before a topic goes, while its partitions are still there.
  std::function<void(Topic&)> on_topic_deleted;

 private:
  Status apply(const ClusterCreated& record);
  Status apply(const TopicCreated& record);
  Status apply(const TopicDeleted& record);
  Status apply(const PartitionsAdded& record);
  Status apply(const TopicConfigured& record);
  Status apply(const BrokerConfigured& record);
  Status apply(const LogStartMoved& record);
  Status apply(const LogStartsMoved& record);
  Status apply(const AbortsForgotten& record);
  Status apply(const coordinator::OffsetsCommitted& record);
  Status apply(const coordinator::ProducerIdsReserved& record);
  Status apply(const coordinator::GroupStored& record);
  Status apply(const coordinator::GroupsForgotten& record);
  Status apply(const coordinator::OffsetsForgotten& record);
  Status apply(const coordinator::TransactionalIdTaken& record);
  Status apply(const coordinator::TransactionGrew& record);
  Status apply(const coordinator::TransactionPrepared& record);
  Status apply(const coordinator::TransactionCompleted& record);
  Status apply(const coordinator::TransactionOffsetsStored& record);
  Status apply(const coordinator::TransactionalIdForgotten& record);
  void replay_transactional(Partition& partition, const record::BatchView& batch,
                            int64_t base_offset, int64_t now_ms);
  Partition& add_partition(Topic& topic, log::PartitionId log_id);
  void refresh_rules(Topic& topic) const;
  Status read_topic(coordinator::StateReader& in, int64_t now_ms);

  const ConfigMap started_with_;
  std::string cluster_id_;
  std::map<TopicId, std::unique_ptr<Topic>> topics_;
  std::map<std::string, Topic*, std::less<>> by_name_;
  std::unordered_map<log::PartitionId, Partition*> by_log_id_;
  uint32_t partition_count_ = 0;
  uint32_t next_log_id_ = 1;
  ConfigMap broker_config_;
  coordinator::Offsets offsets_;
  coordinator::ProducerIds producer_ids_;
  coordinator::StoredGroups groups_;
  coordinator::Transactions transactions_;
  coordinator::PendingOffsets pending_offsets_;
};

}  // namespace holdfast::broker
