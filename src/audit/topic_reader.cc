#include "audit/topic_reader.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>

#include "base/log_line.h"
#include "base/os/clock.h"
#include "event/cloud_event.h"
#include "kafka/admin.h"
#include "kafka/decided.h"

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
  if (const Status decided = kafka::wait_until_decided(reading.kafka, partitions, decided_wait_ms);
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

class Reading {
 public:
  Reading(const TopicReading& reading, std::vector<TopicRange>& ranges, const VisitMessage& visit)
      : reading_(reading), ranges_(ranges), visit_(visit) {
    for (TopicRange& range : ranges_) {
      if (range.first_offset < range.end_offset)
        open_.emplace(std::pair(range.topic, range.partition), &range);
    }
  }

  Status run() {
    if (open_.empty()) return {};
    kafka::ConsumerSettings settings;
    settings.read_committed = true;
    const auto consumer = HOLDFAST_TRY(kafka::Consumer::create(reading_.kafka, settings));
    std::vector<kafka::Assignment> assignments;
    for (const auto& [partition, range] : open_) {
      assignments.push_back({range->topic, range->partition, range->first_offset});
    }
    HOLDFAST_CHECKED(consumer->assign(assignments));
    int64_t last_progress_ms = os::real_clock().steady_ms();
    while (!open_.empty()) {
      const kafka::MessageBatch batch = HOLDFAST_TRY(consumer->poll({}));
      for (const kafka::Message& message : batch.messages()) take(message);
      for (const kafka::PartitionEvent& event : batch.events()) HOLDFAST_CHECKED(take(event));
      const int64_t now_ms = os::real_clock().steady_ms();
      if (!batch.empty()) last_progress_ms = now_ms;
      if (now_ms - last_progress_ms > reading_.timeout_ms) return timed_out(*consumer);
    }
    return {};
  }

 private:
  using Key = std::pair<std::string, int32_t>;

  TopicRange* range_of(std::string_view topic, int32_t partition) {
    if (last_ != nullptr && last_->partition == partition && last_->topic == topic) return last_;
    auto found = open_.find(Key(topic, partition));
    last_ = found == open_.end() ? nullptr : found->second;
    return last_;
  }

  void close(std::string_view topic, int32_t partition) {
    open_.erase(Key(topic, partition));
    last_ = nullptr;
  }

  void take(const kafka::Message& message) {
    TopicRange* range = range_of(message.topic, message.partition);
    if (range == nullptr || message.offset >= range->end_offset)
      return;  // came after we began: not part of this audit
    visit_(message, *range);
    if (message.offset + 1 >= range->end_offset) close(message.topic, message.partition);
  }

  /// The end of a partition may lie behind control records, which are never messages.
  Status take(const kafka::PartitionEvent& event) {
    using Kind = kafka::PartitionEvent::Kind;
    TopicRange* range = range_of(event.topic, event.partition);
    if (range == nullptr) return {};
    if (event.kind == Kind::end_of_partition && event.offset >= range->end_offset)
      close(event.topic, event.partition);
    if (event.kind == Kind::offset_out_of_range) {
      return fail(
          ErrorCode::corrupt,
          fmt::format(
              "{}/{}: offset {} vanished while it was read; audit again, with a longer retention",
              event.topic, event.partition, event.offset));
    }
    if (event.kind == Kind::failed &&
        (event.error.code == ErrorCode::invalid || event.error.code == ErrorCode::not_found)) {
      return std::unexpected(event.error);
    }
    return {};
  }

  Status timed_out(const kafka::Consumer& consumer) const {
    const TopicRange& range = *open_.begin()->second;
    const auto trouble = consumer.trouble();
    return fail(ErrorCode::timeout,
                fmt::format("nothing came from topic {} for {} s{}", range.topic,
                            reading_.timeout_ms / 1000, trouble ? ": " + trouble->message : ""));
  }

  const TopicReading& reading_;
  std::vector<TopicRange>& ranges_;
  const VisitMessage& visit_;
  std::map<Key, TopicRange*> open_;
  TopicRange* last_ = nullptr;
};

}  // namespace

Result<std::vector<TopicRange>> read_topics(const TopicReading& reading,
                                            const VisitMessage& visit) {
  std::vector<TopicRange> ranges = HOLDFAST_TRY(find_ranges(reading));
  HOLDFAST_CHECKED(Reading(reading, ranges, visit).run());
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
