#include "kafka/ranges.h"

#include <map>
#include <string>
#include <vector>

#include "base/os/clock.h"

namespace holdfast::kafka {
namespace {

int64_t now_ms() { return os::real_clock().steady_ms(); }

class Reading {
 public:
  explicit Reading(Consumer& consumer) : consumer_(consumer) {}

  Status start(std::span<const OffsetRange> ranges) {
    std::vector<Assignment> assignments;
    for (const OffsetRange& range : ranges) {
      if (range.from >= range.to) continue;
      open_.emplace(range.partition, range.to);
      assignments.push_back({range.partition.topic, range.partition.partition, range.from});
    }
    return consumer_.assign(assignments);
  }

  Status run(const RangeReading& reading, const VisitBatch& visit) {
    for (int64_t heard_ms = now_ms(); !open_.empty();) {
      if (now_ms() - heard_ms >= reading.stall_ms) return timed_out();
      MessageBatch batch = HOLDFAST_TRY(consumer_.poll({.messages_max = reading.messages_max}));
      const bool heard = HOLDFAST_TRY(note(batch));
      if (!batch.messages().empty() && !HOLDFAST_TRY(visit(std::move(batch)))) return {};
      if (heard) heard_ms = now_ms();  // now, because `visit` may have taken its time
    }
    return {};
  }

 private:
  /// Whether it brought an open range further.
  Result<bool> note(const MessageBatch& batch) {
    bool heard = false;
    const std::span<const Message> messages = batch.messages();
    for (size_t i = 0; i < messages.size(); ++i) {
      // The last one of a run tells how far that is.
      const bool run_goes_on = i + 1 < messages.size() && messages[i + 1].partition == messages[i].partition &&
                               messages[i + 1].topic == messages[i].topic;
      if (!run_goes_on) heard |= passed({std::string(messages[i].topic), messages[i].partition}, messages[i].offset + 1);
    }
    for (const PartitionEvent& event : batch.events()) {
      const TopicPartition partition{event.topic, event.partition};
      if (event.kind == PartitionEvent::Kind::end_of_partition)
        heard |= passed(partition, event.offset);
      else if (open_.contains(partition))
        HOLDFAST_CHECKED(judge(event));
    }
    return heard;
  }

  bool passed(const TopicPartition& partition, int64_t next) {
    const auto found = open_.find(partition);
    if (found == open_.end()) return false;
    if (next >= found->second) open_.erase(found);
    return true;
  }

  static Status judge(const PartitionEvent& event) {
    if (event.kind == PartitionEvent::Kind::offset_out_of_range)
      return fail(ErrorCode::corrupt, "topic " + event.topic + ": offset " + std::to_string(event.offset) +
                                          " of partition " + std::to_string(event.partition) +
                                          " vanished before it was read; try again, with a longer retention");
    if (event.error.code == ErrorCode::invalid || event.error.code == ErrorCode::not_found)
      return std::unexpected(event.error);
    return {};  // librdkafka goes on trying
  }

  Status timed_out() const {
    const auto trouble = consumer_.trouble();
    return fail(ErrorCode::timeout, "topic " + open_.begin()->first.topic + " could not be read in time" +
                                        (trouble ? ": " + trouble->message : ""));
  }

  Consumer& consumer_;
  std::map<TopicPartition, int64_t> open_;  // the ranges that have not ended, to their ends
};

}  // namespace

Status read_ranges(Consumer& consumer, std::span<const OffsetRange> ranges, const RangeReading& reading,
                   const VisitBatch& visit) {
  Reading one(consumer);
  HOLDFAST_CHECKED(one.start(ranges));
  return one.run(reading, visit);
}

}  // namespace holdfast::kafka
