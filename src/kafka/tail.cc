#include <algorithm>

#include "base/os/clock.h"
#include "kafka/consumer.h"

namespace holdfast::kafka {
namespace {

/// Reads [from, end) of the partition and keeps the batches that have messages.
Result<std::vector<MessageBatch>> read_range(Consumer& consumer, const TopicPartition& partition, int64_t from,
                                             int64_t end, int64_t until_ms) {
  std::vector<MessageBatch> batches;
  const Assignment start{partition.topic, partition.partition, from};
  HOLDFAST_CHECKED(consumer.assign({&start, 1}));
  for (int64_t left_ms; (left_ms = until_ms - os::real_clock().steady_ms()) > 0;) {
    MessageBatch batch =
        HOLDFAST_TRY(consumer.poll({.timeout_ms = static_cast<int>(std::min<int64_t>(left_ms, 1000))}));
    bool at_end = !batch.messages().empty() && batch.messages().back().offset >= end - 1;
    for (const PartitionEvent& event : batch.events()) {
      if (event.kind == PartitionEvent::Kind::end_of_partition && event.offset >= end)
        at_end = true;
      else if (event.kind == PartitionEvent::Kind::offset_out_of_range)
        return fail(ErrorCode::unavailable, "topic " + partition.topic + " was trimmed while its tail was read");
      else if (event.kind == PartitionEvent::Kind::failed && event.error.code != ErrorCode::unavailable)
        return std::unexpected(event.error);
    }
    if (!batch.messages().empty()) batches.push_back(std::move(batch));
    if (at_end) return batches;
  }
  return fail(ErrorCode::timeout, "the tail of topic " + partition.topic + " could not be read in time");
}

}  // namespace

Result<Tail> read_tail(const ClientSettings& client, const TopicPartition& partition, const TailOptions& options) {
  const int64_t until_ms = os::real_clock().steady_ms() + options.timeout_ms;
  const auto consumer =
      HOLDFAST_TRY(Consumer::create(client, {.read_committed = options.read_committed, .fetch_wait_max_ms = 10}));
  Tail tail;
  tail.watermarks = HOLDFAST_TRY(consumer->watermarks(partition, options.timeout_ms));
  const auto [low, high] = tail.watermarks;
  // Offsets may hold control batches and aborted records, which a reader never sees: look back further until enough are found.
  for (int64_t back = static_cast<int64_t>(options.count) + 1; high > low; back *= 8) {
    const int64_t from = std::max(low, high - std::min(back, high - low));
    auto batches = HOLDFAST_TRY(read_range(*consumer, partition, from, high, until_ms));
    size_t found = 0;
    for (const MessageBatch& batch : batches) found += batch.messages().size();
    if (found < options.count && from > low) continue;
    for (MessageBatch& batch : batches) tail.batch.append(std::move(batch));
    tail.batch.keep_last(options.count);
    break;
  }
  return tail;
}

}  // namespace holdfast::kafka
