#include "audit/topic_reader.h"

#include <algorithm>
#include <array>

#include "base/log_line.h"
#include "event/cloud_event.h"
#include "kafka/decided.h"
#include "kafka/ranges.h"

namespace holdfast::audit {
namespace {

constexpr int metadata_timeout_ms = 15'000;
constexpr int decided_wait_ms = 5'000;

/// The partitions of the topics that exist, with what they hold now.
Result<std::vector<TopicRange>> find_ranges(const TopicReading& reading) {
  const auto admin = HOLDFAST_TRY(kafka::Admin::create(reading.kafka));
  std::vector<TopicRange> ranges;
  std::vector<kafka::TopicPartition> partitions;
  for (const std::string& topic : reading.topics) {
    auto info = admin->topic(topic, metadata_timeout_ms);
    if (!info && info.error().code == ErrorCode::not_found) continue;
    if (!info) return std::unexpected(info.error());
    for (int32_t partition = 0; partition < info->partitions; ++partition) {
      partitions.push_back({topic, partition});
      ranges.push_back({topic, partition, 0, 0, 0, 0});
    }
  }
  if (partitions.empty()) return ranges;
  // A commit may be answered before it shows. What stays open for longer is somebody's who has not
  // committed it.
  if (const Status decided = kafka::wait_until_decided(*admin, partitions, decided_wait_ms);
      !decided) {
    if (decided.error().code != ErrorCode::timeout) return std::unexpected(decided.error());
    log_warning("audit", "{}; it is not part of this audit", decided.error().message);
  }
  const auto watermarks = HOLDFAST_TRY(admin->watermarks(partitions, metadata_timeout_ms));
  for (size_t i = 0; i < ranges.size(); ++i) {
    ranges[i].first_offset = watermarks[i].low;
    ranges[i].end_offset = watermarks[i].high;
  }
  return ranges;
}

/// Finds the range that a message belongs to; nearly always the one of the message before.
class RangeFinder {
 public:
  explicit RangeFinder(std::vector<TopicRange>& ranges) : ranges_(ranges) {}

  TopicRange& of(const kafka::Message& message) {
    const auto fits = [&](const TopicRange& range) {
      return range.partition == message.partition && range.topic == message.topic;
    };
    if (last_ == nullptr || !fits(*last_)) last_ = &*std::ranges::find_if(ranges_, fits);
    return *last_;
  }

 private:
  std::vector<TopicRange>& ranges_;
  TopicRange* last_ = nullptr;
};

}  // namespace

Result<std::vector<TopicRange>> read_topics(const TopicReading& reading,
                                            const VisitMessage& visit) {
  std::vector<TopicRange> ranges = HOLDFAST_TRY(find_ranges(reading));
  std::vector<kafka::OffsetRange> parts;
  for (const TopicRange& range : ranges)
    parts.push_back({{range.topic, range.partition}, range.first_offset, range.end_offset});
  const auto consumer = HOLDFAST_TRY(kafka::Consumer::create(reading.kafka));
  RangeFinder finder(ranges);
  const auto look = [&](const kafka::MessageBatch& batch) -> Result<bool> {
    for (const kafka::Message& message : batch.messages()) {
      TopicRange& range = finder.of(message);
      // What came after we began is not part of this audit.
      if (message.offset < range.end_offset) visit(message, range);
    }
    return true;
  };
  HOLDFAST_CHECKED(
      kafka::read_ranges(*consumer, parts, {.stall_ms = reading.timeout_ms}, look));
  return ranges;
}

bool read_stamp(const kafka::Message& message, event::Stamp& stamp) {
  static constexpr std::array<const char*, 3> names{"ce_source", "ce_epoch", "ce_sequence"};
  std::array<event::Header, 3> headers;
  for (size_t i = 0; i < names.size(); ++i) {
    ByteView value;
    if (!message.header(names[i], value)) return false;
    headers[i] = {names[i], as_text(value)};
  }
  auto parsed = event::parse_stamp(headers);
  if (!parsed) return false;
  stamp = *parsed;
  return true;
}

}  // namespace holdfast::audit
