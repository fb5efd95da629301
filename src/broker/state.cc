#include "broker/state.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/check.h"
#include "broker/config.h"

namespace holdfast::broker {
namespace {

using coordinator::StateReader;
using coordinator::StateWriter;

constexpr uint8_t kCheckpointVersion = 1;

std::unexpected<Error> contradiction(std::string_view what) {
  return fail(ErrorCode::corrupt, fmt::format("the log contradicts itself: {}", what));
}

}  // namespace

bool topic_name_valid(std::string_view name) {
  if (name.empty() || name.size() > 249 || name == "." || name == "..") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

Status State::replay(const StateRecord& record) {
  return std::visit([this](const auto& r) { return apply(r); }, record);
}

void State::replay_batch(log::PartitionId log_id, const record::BatchView& batch, int64_t now_ms) {
  if (const auto found = by_log_id_.find(log_id); found != by_log_id_.end()) {
    replay_batch(*found->second, batch, batch.base_offset(), now_ms);
  }
}

void State::replay_batch(Partition& partition, const record::BatchView& batch, int64_t base_offset,
                         int64_t now_ms) {
  partition.end = base_offset + batch.last_offset_delta() + 1;
  if (batch.transactional()) replay_transactional(partition, batch, base_offset, now_ms);
  if (!batch.idempotent() || batch.base_sequence() < 0) return;
  partition.producers.replay(
      {.producer_id = batch.producer_id(),
       .producer_epoch = batch.producer_epoch(),
       .first_sequence = batch.base_sequence(),
       .last_sequence = batch.last_sequence(),
       .base_offset = base_offset,
       .timestamp_ms = batch.log_append_time() ? batch.max_timestamp_ms() : -1},
      now_ms);
}

void State::restart_done() {
  for (const auto& [id, partition] : by_log_id_) {
    partition->high_watermark = partition->end;
    partition->last_stable_offset = partition->stable_end();
  }
  producer_ids_.skip_block();
}

Status State::apply(const ClusterCreated& record) {
  if (!cluster_id_.empty()) return contradiction("the cluster was created twice");
  cluster_id_ = record.cluster_id;
  return {};
}

Status State::apply(const TopicCreated& record) {
  if (topic(record.name))
    return contradiction(fmt::format("topic {} was created twice", record.name));
  if (topic(record.id))
    return contradiction(fmt::format("topic {} has the id of another", record.name));
  auto created = std::make_unique<Topic>();
  created->id = record.id;
  created->name = record.name;
  created->config = record.config;
  refresh_rules(*created);
  for (int32_t i = 0; i < record.partitions; ++i) {
    add_partition(*created, {record.first_log_id + static_cast<uint32_t>(i)});
  }
  by_name_[record.name] = created.get();
  topics_[record.id] = std::move(created);
  return {};
}

Status State::apply(const TopicDeleted& record) {
  const auto found = topics_.find(record.id);
  if (found == topics_.end()) return contradiction("an unknown topic was deleted");
  Topic& gone = *found->second;
  if (on_topic_deleted) on_topic_deleted(gone);
  for (const auto& partition : gone.partitions) {
    by_log_id_.erase(partition->log_id);
    transactions_.forget_partition(partition->log_id.value);
  }
  partition_count_ -= static_cast<uint32_t>(gone.partitions.size());
  offsets_.forget_topic(gone.name);
  pending_offsets_.forget_topic(gone.name);
  by_name_.erase(gone.name);
  topics_.erase(found);
  return {};
}

Status State::apply(const PartitionsAdded& record) {
  Topic* grown = topic(record.id);
  if (!grown) return contradiction("partitions were added to an unknown topic");
  for (int32_t i = 0; i < record.added; ++i)
    add_partition(*grown, {record.first_log_id + static_cast<uint32_t>(i)});
  return {};
}

Status State::apply(const TopicConfigured& record) {
  Topic* changed = topic(record.id);
  if (!changed) return contradiction("an unknown topic was configured");
  changed->config = record.config;
  refresh_rules(*changed);
  return {};
}

Status State::apply(const BrokerConfigured& record) {
  broker_config_ = record.config;
  for (const auto& [id, each] : topics_) refresh_rules(*each);
  return {};
}

Status State::apply(const LogStartMoved& record) {
  const auto found = by_log_id_.find({record.log_id});
  if (found == by_log_id_.end()) return contradiction("the start of an unknown partition moved");
  Partition& partition = *found->second;
  if (record.log_start > partition.end)
    return contradiction("the start of a partition moved behind its end");
  partition.log_start = std::max(partition.log_start, record.log_start);
  partition.last_stable_offset = std::max(partition.last_stable_offset, partition.log_start);
  if (partition.transactions) partition.transactions->forget_aborted_below(partition.log_start);
  return {};
}

Status State::apply(const LogStartsMoved& record) {
  for (const LogStartMoved& move : record.moves) HOLDFAST_CHECKED(apply(move));
  return {};
}

Status State::apply(const coordinator::OffsetsCommitted& record) {
  offsets_.replay(record);
  pending_offsets_.committed(record);
  return {};
}

Status State::apply(const coordinator::ProducerIdsReserved& record) {
  producer_ids_.replay(record);
  return {};
}

Status State::apply(const coordinator::GroupStored& record) {
  groups_.replay(record);
  return {};
}

Status State::apply(const coordinator::GroupsForgotten& record) {
  groups_.replay(record);
  offsets_.replay(record);
  pending_offsets_.replay(record);
  return {};
}

Status State::apply(const coordinator::OffsetsForgotten& record) {
  offsets_.replay(record);
  pending_offsets_.replay(record);
  return {};
}

Partition& State::add_partition(Topic& to, log::PartitionId log_id) {
  auto& partition = *to.partitions.emplace_back(std::make_unique<Partition>());
  partition.topic = &to;
  partition.index = static_cast<int32_t>(to.partitions.size()) - 1;
  partition.log_id = log_id;
  by_log_id_[log_id] = &partition;
  ++partition_count_;
  next_log_id_ = std::max(next_log_id_, log_id.value + 1);
  return partition;
}

void State::refresh_rules(Topic& changed) const {
  const TopicConfigs configs{changed.config, broker_config_, started_with_};
  const std::string_view policy = topic_value("cleanup.policy", configs);
  changed.rules = {
      .message_bytes_max = static_cast<int32_t>(topic_number("max.message.bytes", configs)),
      .log_append_time = topic_value("message.timestamp.type", configs) == "LogAppendTime",
      .compacted = policy.find("compact") != std::string_view::npos,
      .deleted = policy.find("delete") != std::string_view::npos,
      .retention_ms = topic_number("retention.ms", configs),
      .retention_bytes = topic_number("retention.bytes", configs),
      .compaction = {.dirty_ratio_min = topic_ratio("min.cleanable.dirty.ratio", configs),
                     .lag_ms_min = topic_number("min.compaction.lag.ms", configs),
                     .lag_ms_max = topic_number("max.compaction.lag.ms", configs),
                     .delete_retention_ms = topic_number("delete.retention.ms", configs),
                     .segment_ms = topic_number("segment.ms", configs),
                     .segment_bytes = topic_number("segment.bytes", configs)},
      .produce = produce_rules(configs),
  };
}

Partition* State::partition(log::PartitionId log_id) const {
  const auto found = by_log_id_.find(log_id);
  return found == by_log_id_.end() ? nullptr : found->second;
}

Topic* State::topic(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

Topic* State::topic(const TopicId& id) const {
  const auto found = topics_.find(id);
  return found == topics_.end() ? nullptr : found->second.get();
}

ByteBuffer State::checkpoint() const {
  ByteBuffer bytes;
  StateWriter out(bytes);
  out.number(kCheckpointVersion);
  out.text(cluster_id_);
  out.number(next_log_id_);
  write_config(out, broker_config_);
  producer_ids_.write(out);
  offsets_.write(out);
  transactions_.write(out);
  pending_offsets_.write(out);
  out.number(static_cast<uint32_t>(topics_.size()));
  for (const auto& [id, each] : topics_) {
    write_id(out, id);
    out.text(each->name);
    write_config(out, each->config);
    out.number(static_cast<uint32_t>(each->partitions.size()));
    for (const auto& partition : each->partitions) {
      out.number(partition->log_id.value);
      out.number(partition->log_start);
      out.number(partition->end);
      partition->producers.write(out);
      const bool none = !partition->transactions || partition->transactions->empty();
      out.number(static_cast<uint8_t>(!none));
      if (!none) partition->transactions->write(out);
    }
  }
  groups_.write(out);
  return bytes;
}

Status State::load(ByteView checkpoint, int64_t now_ms) {
  HOLDFAST_CHECK(topics_.empty() && cluster_id_.empty());
  StateReader in(checkpoint);
  const auto version = in.number<uint8_t>();
  if (!in.failed() && version != kCheckpointVersion) {
    return fail(ErrorCode::version_unknown,
                fmt::format("broker checkpoint of version {}; this program knows version {}",
                            version, kCheckpointVersion));
  }
  cluster_id_ = in.text();
  const auto next_log_id = in.number<uint32_t>();
  broker_config_ = read_config(in);
  producer_ids_.read(in);
  offsets_.read(in);
  if (!transactions_.read(in)) return contradiction("the checkpoint has a transactional id twice");
  pending_offsets_.read(in);
  const uint32_t count = in.count(28);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) HOLDFAST_CHECKED(read_topic(in, now_ms));
  groups_.read(in);
  next_log_id_ = std::max(next_log_id_, next_log_id);
  if (!in.at_end())
    return fail(ErrorCode::corrupt, "the broker's checkpoint is cut short or too long");
  return {};
}

Status State::read_topic(StateReader& in, int64_t now_ms) {
  auto loaded = std::make_unique<Topic>();
  loaded->id = read_id(in);
  loaded->name = in.text();
  loaded->config = read_config(in);
  refresh_rules(*loaded);
  const uint32_t partitions = in.count(24);
  for (uint32_t i = 0; i < partitions && !in.failed(); ++i) {
    Partition& partition = add_partition(*loaded, {in.number<uint32_t>()});
    partition.log_start = in.number<int64_t>();
    partition.end = in.number<int64_t>();
    partition.producers.read(in, now_ms);
    if (in.number<uint8_t>() == 0) continue;
    partition.transactions = std::make_unique<coordinator::PartitionTransactions>();
    partition.transactions->read(in);
  }
  if (in.failed()) return fail(ErrorCode::corrupt, "the broker's checkpoint is cut short");
  if (topic(loaded->name) || topic(loaded->id))
    return contradiction("the checkpoint has a topic twice");
  by_name_[loaded->name] = loaded.get();
  topics_[loaded->id] = std::move(loaded);
  return {};
}

}  // namespace holdfast::broker
