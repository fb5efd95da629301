#include "pipeline/shipped_already.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>
#include <memory>

#include "base/os/clock.h"
#include "kafka/consumer.h"

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

/// One partition, scanned from an offset to its end as it was at the beginning.
class Scan {
 public:
  Scan(kafka::Consumer& consumer, const kafka::TopicPartition& partition, const StreamRange& range,
       int timeout_ms)
      : consumer_(consumer), partition_(partition), range_(range), timeout_ms_(timeout_ms) {}

  /// Adds what it finds to `set`. True when something of the stream from before the range was met.
  Result<bool> run(int64_t from, int64_t to, event::IntervalSet& set) {
    const kafka::Assignment start{
        .topic = partition_.topic, .partition = partition_.partition, .offset = from};
    HOLDFAST_CHECKED(consumer_.assign(std::span(&start, 1)));
    bool older = false;
    int64_t deadline = os::real_clock().steady_ms() + timeout_ms_;
    for (int64_t next = from; next < to;) {
      const auto batch = HOLDFAST_TRY(consumer_.poll());
      for (const kafka::Message& message : batch.messages()) {
        next = message.offset + 1;
        const auto sequence = sequence_of(message, range_);
        if (!sequence) continue;
        if (*sequence < range_.known_below) older = true;
        if (*sequence >= range_.known_below) set.add(event::Interval{*sequence, *sequence});
      }
      for (const kafka::PartitionEvent& happened : batch.events()) {
        if (happened.kind == kafka::PartitionEvent::Kind::end_of_partition)
          next = std::max(next, happened.offset);
        if (happened.kind == kafka::PartitionEvent::Kind::failed)
          return std::unexpected(happened.error);
        if (happened.kind == kafka::PartitionEvent::Kind::offset_out_of_range) {
          return fail(ErrorCode::unavailable,
                      fmt::format("{} was trimmed while it was read", partition_.topic));
        }
      }
      const int64_t now = os::real_clock().steady_ms();
      if (!batch.empty()) deadline = now + timeout_ms_;
      if (now > deadline)
        return fail(ErrorCode::timeout, fmt::format("{} gives nothing more", partition_.topic));
    }
    return older;
  }

 private:
  kafka::Consumer& consumer_;
  const kafka::TopicPartition& partition_;
  const StreamRange& range_;
  int timeout_ms_;
};

}  // namespace

Result<ShippedAlready> find_shipped(const kafka::ClientSettings& client, const std::string& topic,
                                    int32_t partitions, const StreamRange& range, int timeout_ms) {
  ShippedAlready shipped{.below = range.known_below, .more = {}};
  if (range.known_below >= range.next) return shipped;
  std::unique_ptr<kafka::Consumer> consumer;
  for (int32_t number = 0; number < partitions; ++number) {
    const kafka::TopicPartition partition{.topic = topic, .partition = number};
    const kafka::Tail tail =
        HOLDFAST_TRY(kafka::read_tail(client, partition, {.count = 1, .timeout_ms = timeout_ms}));
    if (tail.batch.messages().empty()) continue;
    const auto last = sequence_of(tail.batch.messages().back(), range);
    // With one partition only, order says it all: whatever is before the last one got in too.
    if (last && partitions == 1) {
      shipped.below = std::max(shipped.below, *last + 1);
      return shipped;
    }
    if (consumer == nullptr) consumer = HOLDFAST_TRY(kafka::Consumer::create(client));
    const kafka::Watermarks& marks = tail.watermarks;
    int64_t back = std::max(look_back_least, range.next - range.known_below + look_back_least);
    for (int64_t to = marks.high;; back *= 8) {
      const int64_t from = back >= marks.high - marks.low ? marks.low : marks.high - back;
      const bool older =
          HOLDFAST_TRY(Scan(*consumer, partition, range, timeout_ms).run(from, to, shipped.more));
      if (older || from == marks.low) break;
      to = from;  // what is behind was scanned already
    }
  }
  return shipped;
}

}  // namespace holdfast::pipeline
