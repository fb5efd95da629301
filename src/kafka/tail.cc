#include <algorithm>

#include "kafka/consumer.h"
#include "kafka/ranges.h"

namespace holdfast::kafka {

Result<Tail> read_tail(Consumer& consumer, const TopicPartition& partition, const TailOptions& options) {
  Tail tail;
  tail.watermarks = HOLDFAST_TRY(consumer.watermarks(partition, options.timeout_ms));
  const auto [low, high] = tail.watermarks;
  // Offsets may hold control batches and aborted records, which a reader never sees: look back further until enough are found.
  for (int64_t back = static_cast<int64_t>(options.count) + 1; high > low; back *= 8) {
    const OffsetRange range{partition, std::max(low, high - std::min(back, high - low)), high};
    MessageBatch found;
    HOLDFAST_CHECKED(read_ranges(consumer, {&range, 1}, {.stall_ms = options.timeout_ms}, [&](MessageBatch batch) {
      found.append(std::move(batch));
      return Result<bool>(true);
    }));
    if (found.messages().size() < options.count && range.from > low) continue;
    found.keep_last(options.count);
    tail.batch = std::move(found);
    break;
  }
  return tail;
}

Result<Tail> read_tail(const ClientSettings& client, const TopicPartition& partition, const TailOptions& options) {
  const auto consumer =
      HOLDFAST_TRY(Consumer::create(client, {.read_committed = options.read_committed, .fetch_wait_max_ms = 10}));
  return read_tail(*consumer, partition, options);
}

}  // namespace holdfast::kafka
