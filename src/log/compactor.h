#pragma once

#include <map>
#include <unordered_map>

#include "log/cleaning_rules.h"
#include "log/key_table.h"
#include "record/batch.h"
#include "record/compression.h"

namespace holdfast::log {

/// One partition that is to be compacted.
struct CompactionTask {
  PartitionId partition;
  CompactionRule rule;
  CompactionDetail detail;
  int64_t dirty_from = 0;  // compacted before, below this offset
  int64_t now_ms = 0;
};

/// Kafka's compaction of record batches (docs/design, "Log Compaction"; KIP-534 for when tombstones
/// and markers go). First every batch of the dirty range is noted, in order; then every batch of
/// the partition from its beginning to the end of that range is judged, in order.
///
/// Of a batch, records go whose key has a newer one, that were aborted, or that are tombstones past
/// their time. Offsets, timestamps and the producer's numbers stay; a batch that has nothing left
/// goes too, unless it is the last of a living producer or the last of the range. A marker goes
/// once its transaction has no records left, and its time has come; but never that of an aborted
/// transaction of which readers are still told: they would look for it in vain, and take all that
/// its producer writes later for aborted too. Since its records are all gone below the end of the
/// range, the owner need not tell readers of it any more; in a later pass the marker goes.
///
/// No files, no threads.
class Compactor {
 public:
  explicit Compactor(uint64_t key_table_bytes_max) : keys_(key_table_bytes_max) {}

  void begin(const CompactionTask& task);
  /// Of the partition begun last. False: the range ends before this batch, for its memory or its
  /// age; nothing more of the partition may be noted. Fails with `corrupt`.
  Result<bool> note(const record::BatchView& batch);

  /// Whether nothing could be noted for want of memory: there is too little for a single batch, or
  /// partitions before it have taken it.
  enum class Room { enough, too_little, taken };
  Room room(PartitionId partition) const;
  /// Where the range of the partition ends; nothing: it is not compacted in this job.
  std::optional<int64_t> range_end(PartitionId partition) const;
  /// When the next of its tombstones and markers that were judged may go; INT64_MAX: there are
  /// none.
  int64_t next_horizon_ms(PartitionId partition) const;
  /// What is to stand in the place of the batch: itself, a smaller one (good until the next call),
  /// or nothing. Fails with `corrupt`.
  Result<std::optional<ByteView>> judge(PartitionId partition, const record::BatchView& batch);

 private:
  struct Ongoing {
    CompactionTask task;
    int64_t range_end = 0;
    Room room = Room::enough;
    int64_t horizon_ms = INT64_MAX;
    std::map<std::pair<int64_t, int64_t>, int64_t>
        aborted;                                    // (producer, marker's offset): the first offset
    std::unordered_map<int64_t, bool> has_records;  // of the producer's present transaction
  };
  struct Kept {
    int32_t records = 0;
    int64_t max_timestamp_ms = -1;
    bool tombstones = false;
    bool all = true;
  };

  static int64_t new_horizon_ms(const Ongoing& ongoing);
  static bool is_aborted(const Ongoing& ongoing, const record::BatchView& batch);
  Result<record::RecordReader> records_of(const record::BatchView& batch);
  bool keeps(const Ongoing& ongoing, const record::BatchView& batch,
             const record::RecordView& record) const;
  Result<Kept> gather(const Ongoing& ongoing, const record::BatchView& batch);
  Result<std::optional<ByteView>> judge_marker(Ongoing& ongoing, const record::BatchView& batch);
  Result<ByteView> rebuilt(const record::BatchView& batch, const Kept& kept,
                           std::optional<int64_t> horizon_ms);
  bool must_stay(const Ongoing& ongoing, const record::BatchView& batch) const;

  KeyTable keys_;
  std::map<PartitionId, Ongoing> partitions_;
  Ongoing* noting_ = nullptr;
  record::Decompressor decompressor_;
  record::Compressor compressor_;
  ByteBuffer unpacked_;
  ByteBuffer plain_;
  ByteBuffer made_;
};

}  // namespace holdfast::log
