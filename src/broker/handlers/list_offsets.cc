#include "wire/messages/list_offsets.h"

#include <algorithm>
#include <optional>

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"
#include "record/batch.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Answer = wire::ListOffsetsResponse::Topic::Partition;

// Times that mean something else (KIP-734, KIP-405, KIP-1005).
constexpr int64_t kLatest = -1, kEarliest = -2, kMaxTimestamp = -3, kEarliestLocal = -4,
                  kLatestTiered = -5, kEarliestPendingUpload = -6;

/// Whether a version knows this meaning of a negative time.
bool known(int64_t timestamp, int16_t version) {
  if (timestamp >= kEarliest) return true;
  if (timestamp == kMaxTimestamp) return version >= 7;
  if (timestamp == kEarliestLocal) return version >= 8;
  if (timestamp == kLatestTiered) return version >= 9;
  return timestamp == kEarliestPendingUpload && version >= 11;
}

void answer_with(Answer& answer, int64_t offset, int64_t timestamp_ms = -1) {
  answer.offset = offset;
  answer.timestamp = timestamp_ms;
  answer.leader_epoch = leader_epoch;
}

/// The first record in the batch, at or above `from_offset`, that `fits`.
template <class Predicate>
Result<std::optional<record::RecordView>> first_record(Context& context, const log::Frame& frame,
                                                       int64_t from_offset, Predicate fits) {
  constexpr size_t unpacked_bytes_max = 64u << 20;
  const auto batch = HOLDFAST_TRY(record::BatchView::parse(frame.body));
  auto records = HOLDFAST_TRY(
      batch.records(context.core.decompressor(), context.core.scratch(), unpacked_bytes_max));
  for (record::RecordView record; records.next(record);) {
    if (record.offset >= from_offset && fits(record)) return record;
  }
  return std::nullopt;
}

/// The first record that is not older than the time. When only records below the log's start in its
/// batch fit, the next batch is looked at.
Status find_by_time(Context& context, const Partition& partition, int64_t readable_end,
                    int64_t timestamp_ms, Answer& answer) {
  for (int64_t from = partition.log_start; from < readable_end;) {
    const auto frame =
        HOLDFAST_TRY(context.core.log().find_time(partition.log_id, from, timestamp_ms));
    if (!frame || frame->key.last_offset >= readable_end) break;
    const auto found = HOLDFAST_TRY(first_record(
        context, *frame, from, [&](const auto& r) { return r.timestamp_ms >= timestamp_ms; }));
    if (found) {
      answer_with(answer, found->offset, found->timestamp_ms);
      break;
    }
    from = frame->key.last_offset + 1;
  }
  return {};
}

Status find_max_timestamp(Context& context, const Partition& partition, int64_t readable_end,
                          Answer& answer) {
  const auto frame =
      HOLDFAST_TRY(context.core.log().find_max_timestamp(partition.log_id, partition.log_start));
  if (!frame || frame->key.last_offset >= readable_end) return {};
  const int64_t max = frame->key.max_timestamp_ms;
  const auto found = HOLDFAST_TRY(
      first_record(context, *frame, 0, [&](const auto& r) { return r.timestamp_ms >= max; }));
  if (found) answer_with(answer, std::max(found->offset, partition.log_start), found->timestamp_ms);
  return {};
}

Code find(Context& context, const Partition& partition, bool committed_only, int64_t timestamp,
          Answer& answer) {
  const int64_t readable_end = partition.readable_end(committed_only);
  switch (timestamp) {
    case kLatest:
      answer_with(answer, readable_end);
      return Code::none;
    case kEarliest:
    case kEarliestLocal:
      answer_with(answer, partition.log_start);
      return Code::none;
    case kMaxTimestamp: {
      const Status found = find_max_timestamp(context, partition, readable_end, answer);
      return found ? Code::none : code_for(found.error());
    }
    default:
      break;
  }
  if (timestamp < 0) return Code::none;  // about tiered storage, of which there is none: no offset
  const Status found = find_by_time(context, partition, readable_end, timestamp, answer);
  return found ? Code::none : code_for(found.error());
}

}  // namespace

/// ListOffsets: the ends of partitions, and offsets by time. No offset (-1) when nothing is as
/// young as the time.
void handle(const wire::ListOffsetsRequest& request, Context& context) {
  wire::ListOffsetsResponse response;
  for (const auto& wanted_topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.name = wanted_topic.name;
    const Topic* topic = context.state().topic(wanted_topic.name);
    for (const auto& wanted : wanted_topic.partitions) {
      Answer& answer = answers.partitions.emplace_back();
      answer.partition_index = wanted.partition_index;
      const Partition* partition = topic ? topic->partition(wanted.partition_index) : nullptr;
      answer.error_code = partition ? check_leader_epoch(wanted.current_leader_epoch)
                                    : Code::unknown_topic_or_partition;
      if (!known(wanted.timestamp, context.version()))
        answer.error_code = Code::unsupported_version;
      if (answer.error_code == Code::none)
        answer.error_code =
            find(context, *partition, request.isolation_level == 1, wanted.timestamp, answer);
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
