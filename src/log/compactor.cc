#include "log/compactor.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/check.h"
#include "base/saturating.h"
#include "record/rewrite.h"

namespace holdfast::log {
namespace {

constexpr size_t unpacked_bytes_max = 256u << 20;

std::unexpected<Error> damaged(const record::BatchView& batch) {
  return fail(ErrorCode::corrupt, fmt::format("the records of the batch at offset {} are damaged",
                                              batch.base_offset()));
}

/// Past the time for which tombstones and markers are kept. The horizon stands in the place of the
/// base timestamp (KIP-534).
bool past_horizon(const record::BatchView& batch, int64_t now_ms) {
  return batch.has_delete_horizon() && batch.base_timestamp_ms() <= now_ms;
}

}  // namespace

void Compactor::begin(const CompactionTask& task) {
  Ongoing& ongoing = partitions_[task.partition];
  ongoing.task = task;
  ongoing.range_end = task.dirty_from;
  ongoing.aborted.clear();
  for (const AbortedRange& range : task.detail.aborted)
    ongoing.aborted[{range.producer_id, range.last_offset}] = range.first_offset;
  noting_ = &ongoing;
}

/// Also for the marker itself.
bool Compactor::is_aborted(const Ongoing& ongoing, const record::BatchView& batch) {
  if (!batch.transactional()) return false;
  const auto range = ongoing.aborted.lower_bound({batch.producer_id(), batch.last_offset()});
  return range != ongoing.aborted.end() && range->first.first == batch.producer_id() &&
         range->second <= batch.base_offset();
}

Result<record::RecordReader> Compactor::records_of(const record::BatchView& batch) {
  if (batch.codec() == record::Codec::none) return batch.records();
  return batch.records(decompressor_, unpacked_, unpacked_bytes_max);
}

Result<bool> Compactor::note(const record::BatchView& batch) {
  HOLDFAST_CHECK(noting_ != nullptr);
  const CompactionTask& task = noting_->task;
  if (batch.last_offset() >= task.rule.below ||
      (task.rule.lag_ms_min > 0 && batch.max_timestamp_ms() > task.now_ms - task.rule.lag_ms_min))
    return false;
  if (!batch.control() && !is_aborted(*noting_, batch)) {
    if (!keys_.has_room_for(static_cast<uint64_t>(std::max(batch.record_count(), 0)))) {
      if (noting_->range_end == task.dirty_from)
        noting_->room = keys_.size() == 0 ? Room::too_little : Room::taken;
      return false;
    }
    auto records = HOLDFAST_TRY(records_of(batch));
    for (record::RecordView record; records.next(record);) {
      if (record.key && record.offset >= task.dirty_from)
        HOLDFAST_CHECK(keys_.put(task.partition, *record.key, record.offset));
    }
    if (records.damaged()) return damaged(batch);
  }
  noting_->range_end = std::max(noting_->range_end, batch.last_offset() + 1);
  return true;
}

std::optional<int64_t> Compactor::range_end(PartitionId partition) const {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return std::nullopt;
  return found->second.range_end;
}

Compactor::Room Compactor::room(PartitionId partition) const {
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? Room::enough : found->second.room;
}

int64_t Compactor::next_horizon_ms(PartitionId partition) const {
  const auto found = partitions_.find(partition);
  return found == partitions_.end() ? INT64_MAX : found->second.horizon_ms;
}

bool Compactor::keeps(const Ongoing& ongoing, const record::BatchView& batch,
                      const record::RecordView& record) const {
  if (!record.key) return false;  // refused at produce since the topic is compacted; of no use
  const auto newest = keys_.find(ongoing.task.partition, *record.key);
  if (newest && record.offset < *newest) return false;
  return record.value || !past_horizon(batch, ongoing.task.now_ms);
}

bool Compactor::must_stay(const Ongoing& ongoing, const record::BatchView& batch) const {
  return batch.last_offset() + 1 == ongoing.range_end ||
         (batch.idempotent() &&
          std::ranges::binary_search(ongoing.task.detail.kept_last_offsets, batch.last_offset()));
}

Result<std::optional<ByteView>> Compactor::judge(PartitionId partition,
                                                 const record::BatchView& batch) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end() || batch.last_offset() >= found->second.range_end)
    return batch.bytes();
  Ongoing& ongoing = found->second;
  if (batch.control()) return judge_marker(ongoing, batch);
  Kept kept{.all = false};
  if (!is_aborted(ongoing, batch)) {
    kept = HOLDFAST_TRY(gather(ongoing, batch));
    if (batch.transactional() && kept.records > 0) ongoing.has_records[batch.producer_id()] = true;
  }
  if (kept.records == 0 && !must_stay(ongoing, batch)) return std::nullopt;
  const bool new_horizon = kept.tombstones && !batch.has_delete_horizon();
  std::optional<int64_t> horizon_ms;
  if (new_horizon) horizon_ms = new_horizon_ms(ongoing);
  if (kept.tombstones)
    ongoing.horizon_ms =
        std::min(ongoing.horizon_ms, horizon_ms.value_or(batch.base_timestamp_ms()));
  if (kept.all && !new_horizon) return batch.bytes();
  return HOLDFAST_TRY(rebuilt(batch, kept, horizon_ms));
}

int64_t Compactor::new_horizon_ms(const Ongoing& ongoing) {
  return saturating_sum(ongoing.task.now_ms, ongoing.task.rule.delete_retention_ms);
}

/// A marker may be forgotten once nothing of its transaction is left: then its time begins to run.
Result<std::optional<ByteView>> Compactor::judge_marker(Ongoing& ongoing,
                                                        const record::BatchView& batch) {
  const bool told = is_aborted(ongoing, batch);
  const bool needed = std::exchange(ongoing.has_records[batch.producer_id()], false);
  if (needed && !told) return batch.bytes();
  if (past_horizon(batch, ongoing.task.now_ms)) {
    if (!told && !must_stay(ongoing, batch)) return std::nullopt;
    if (told) ongoing.horizon_ms = std::min(ongoing.horizon_ms, batch.base_timestamp_ms());
    return batch.bytes();
  }
  const int64_t horizon_ms =
      batch.has_delete_horizon() ? batch.base_timestamp_ms() : new_horizon_ms(ongoing);
  ongoing.horizon_ms = std::min(ongoing.horizon_ms, horizon_ms);
  if (batch.has_delete_horizon()) return batch.bytes();
  plain_.clear();
  Kept kept;
  auto records = HOLDFAST_TRY(records_of(batch));
  for (record::RecordView record; records.next(record); ++kept.records) {
    kept.max_timestamp_ms = std::max(kept.max_timestamp_ms, record.timestamp_ms);
    record::append_record(plain_, record, horizon_ms);
  }
  if (records.damaged()) return damaged(batch);
  return HOLDFAST_TRY(rebuilt(batch, kept, horizon_ms));
}

/// Puts the records that stay, as they are written, into `plain_`.
Result<Compactor::Kept> Compactor::gather(const Ongoing& ongoing, const record::BatchView& batch) {
  Kept kept;
  for (const bool again : {false, true}) {
    // Only the whole batch tells whether there are tombstones, and so what the base timestamp is.
    const bool new_horizon = kept.tombstones && !batch.has_delete_horizon();
    const int64_t base_ms = new_horizon ? new_horizon_ms(ongoing) : batch.base_timestamp_ms();
    if (again && !new_horizon) break;
    plain_.clear();
    kept.records = 0;
    auto records = HOLDFAST_TRY(records_of(batch));
    for (record::RecordView record; records.next(record);) {
      if (!keeps(ongoing, batch, record)) {
        kept.all = false;
        continue;
      }
      ++kept.records;
      kept.tombstones |= !record.value;
      kept.max_timestamp_ms = std::max(kept.max_timestamp_ms, record.timestamp_ms);
      record::append_record(plain_, record, base_ms);
    }
    if (records.damaged()) return damaged(batch);
  }
  return kept;
}

Result<ByteView> Compactor::rebuilt(const record::BatchView& batch, const Kept& kept,
                                    std::optional<int64_t> horizon_ms) {
  record::Rewrite changes{
      .codec = batch.codec(), .records = kept.records, .delete_horizon_ms = horizon_ms};
  if (kept.records > 0 && !batch.log_append_time())
    changes.max_timestamp_ms = kept.max_timestamp_ms;
  HOLDFAST_CHECKED(record::rewrite(batch, plain_, changes, compressor_, made_));
  return ByteView(made_);
}

}  // namespace holdfast::log
