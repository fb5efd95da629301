#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "log/log.h"

namespace holdfast::log {

/// How a partition is compacted whose frames are Kafka's record batches: the newest record of each
/// key stays, offsets never change. Kafka's names are in brackets.
struct CompactionRule {
  int64_t below = 0;                         // the last stable offset: what is above stays as it is
  double dirty_ratio_min = 0.5;              // [min.cleanable.dirty.ratio]
  int64_t lag_ms_min = 0;                    // [min.compaction.lag.ms]
  int64_t lag_ms_max = INT64_MAX;            // [max.compaction.lag.ms]
  int64_t delete_retention_ms = 86'400'000;  // [delete.retention.ms] of tombstones and markers
  int64_t segment_ms = 7 * 86'400'000;       // [segment.ms] what is older is not waited for
  int64_t segment_bytes = 1 << 30;           // [segment.bytes] so much dirt is not waited for
};

/// Records of an aborted transaction: of the producer, from the first offset up to its marker's.
struct AbortedRange {
  int64_t producer_id = -1;
  int64_t first_offset = 0;
  int64_t last_offset = 0;
};

/// What compacting a partition has to know besides, asked only when it begins.
struct CompactionDetail {
  std::vector<int64_t> kept_last_offsets;  // batches that end there stay, if need be empty: the
                                           // last of each producer that is alive
  std::vector<AbortedRange> aborted;
};

/// The owner's answers to the cleaner. Asked within `Log::clean` only, on the owner's thread.
class CleaningRules {
 public:
  virtual ~CleaningRules() = default;
  virtual int64_t now_ms() const = 0;
  /// Nothing: the partition is not compacted.
  virtual std::optional<CompactionRule> compaction(PartitionId partition) const = 0;
  virtual CompactionDetail detail(PartitionId partition) const = 0;
};

/// For owners that compact nothing.
class NothingCompacted final : public CleaningRules {
 public:
  int64_t now_ms() const override { return 0; }
  std::optional<CompactionRule> compaction(PartitionId) const override { return std::nullopt; }
  CompactionDetail detail(PartitionId) const override { return {}; }
};

}  // namespace holdfast::log
