#include "pipeline/shipped_already.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "kafka/ranges.h"

namespace holdfast::pipeline {
namespace {

constexpr int64_t look_back_least = 256;

std::optional<int64_t> number_in(const kafka::Message& message, const char* header) {
  ByteView bytes;
  if (!message.header(header, bytes)) return std::nullopt;
  const std::string_view text = as_text(bytes);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The sequence of a message of the stream; none when it is another's.
std::optional<int64_t> sequence_of(const kafka::Message& message, const StreamRange& range) {
  ByteView source;
  if (!message.header("ce_source", source) || as_text(source) != range.source) return std::nullopt;
  if (number_in(message, "ce_epoch") != range.epoch) return std::nullopt;
  return number_in(message, "ce_sequence");
}

/// Adds what it finds in a part of a partition to `set`. True when something of the stream from
/// before the range was met.
Result<bool> scan(kafka::Consumer& consumer, const kafka::OffsetRange& part,
                  const StreamRange& range, int timeout_ms, event::IntervalSet& set) {
  bool older = false;
  const auto look = [&](const kafka::MessageBatch& batch) -> Result<bool> {
    for (const kafka::Message& message : batch.messages()) {
      const auto sequence = sequence_of(message, range);
      if (!sequence) continue;
      if (*sequence < range.known_below)
        older = true;
      else
        set.add(event::Interval{*sequence, *sequence});
    }
    return true;
  };
  HOLDFAST_CHECKED(kafka::read_ranges(consumer, {&part, 1}, {.stall_ms = timeout_ms}, look));
  return older;
}

}  // namespace

Result<ShippedAlready> find_shipped(kafka::Consumer& consumer, const std::string& topic,
                                    int32_t partitions, const StreamRange& range, int timeout_ms) {
  ShippedAlready shipped{.below = range.known_below, .more = {}};
  if (range.empty()) return shipped;
  for (int32_t number = 0; number < partitions; ++number) {
    const kafka::TopicPartition partition{.topic = topic, .partition = number};
    const kafka::Tail tail =
        HOLDFAST_TRY(kafka::read_tail(consumer, partition, {.timeout_ms = timeout_ms}));
    if (tail.batch.messages().empty()) continue;
    const auto last = sequence_of(tail.batch.messages().back(), range);
    // With one partition only, order says it all: whatever is before the last one got in too.
    if (last && partitions == 1) {
      shipped.below = std::max(shipped.below, *last + 1);
      return shipped;
    }
    const kafka::Watermarks& marks = tail.watermarks;
    int64_t back = std::max(look_back_least, range.next - range.known_below + look_back_least);
    for (int64_t to = marks.high;; back *= 8) {
      const int64_t from = back >= marks.high - marks.low ? marks.low : marks.high - back;
      const bool older =
          HOLDFAST_TRY(scan(consumer, {partition, from, to}, range, timeout_ms, shipped.more));
      if (older || from == marks.low) break;
      to = from;  // what is behind was scanned already
    }
  }
  return shipped;
}

}  // namespace holdfast::pipeline
