#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "base/result.h"
#include "kafka/consumer.h"

namespace holdfast::kafka {

/// A part of a partition: the offsets from `from` on, up to and without `to`.
struct OffsetRange {
  TopicPartition partition;
  int64_t from = 0;
  int64_t to = 0;
};

struct RangeReading {
  int stall_ms = 10'000;         // `timeout` when nothing of the ranges comes for so long
  size_t messages_max = 10'000;  // of one batch
};

/// Gets whole batches, of several partitions mixed, and may keep them. The last ones may hold
/// messages behind `to`. False ends the reading.
using VisitBatch = std::function<Result<bool>(MessageBatch)>;

/// Reads ranges to their ends, once, for whoever looks at what is there. A range has ended when its
/// last offset is passed, be it that of a message, of a control record or of an aborted message.
/// Assigns the partitions to the consumer; an empty range is not read. Where a partition ends is
/// asked of `watermarks` before, and after `wait_until_decided` when a commit was just answered.
///
/// Fails with `timeout`, `corrupt` (what was to be read was trimmed meanwhile), `not_found` or
/// `invalid` (no such partition, not allowed), or as `visit` does.
Status read_ranges(Consumer& consumer, std::span<const OffsetRange> ranges,
                   const RangeReading& reading, const VisitBatch& visit);

}  // namespace holdfast::kafka
