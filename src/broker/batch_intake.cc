#include "broker/batch_intake.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/saturating.h"
#include "record/rewrite.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using record::BatchFault;

constexpr int16_t kZstdSince = 7;
constexpr size_t kRecordErrorsMax = 100;  // more would only make the answer long

Code code_for_fault(BatchFault fault) {
  switch (fault) {
    case BatchFault::unknown_codec:
      return Code::unsupported_compression_type;
    case BatchFault::too_large_unpacked:
      return Code::message_too_large;
    default:
      return Code::invalid_record;
  }
}

/// Whether the inside of a compressed batch has to be looked at.
bool look_inside(const record::BatchView& batch, const TopicRules& rules) {
  return rules.compacted || rules.produce.before_now_ms_max != INT64_MAX ||
         (rules.produce.codec && rules.produce.codec != batch.codec());
}

/// Names each record that `wrong` finds fault with.
template <class Wrong>
void name_records(record::RecordReader records, std::string_view why, Wrong wrong,
                  BatchIntake::Answer& answer) {
  for (record::RecordView record;
       answer.record_errors.size() < kRecordErrorsMax && records.next(record);) {
    if (wrong(record)) answer.record_errors.push_back({record.offset_delta, std::string(why)});
  }
}

record::RecordReader reader(const record::BatchView& batch, ByteView plain) {
  return {plain, batch.record_count(), 0, batch.base_timestamp_ms()};
}

/// What Kafka finds before it looks at size and CRC; `none`: nothing.
Code judge_shape(ByteView records, int16_t version) {
  if (records.size() < record::batch_header_bytes) return Code::invalid_record;
  const auto magic = load_be<int8_t>(records.data() + 16);
  if (magic < 0 || magic > record::batch_magic) return Code::corrupt_message;
  if (magic != record::batch_magic) return Code::invalid_record;
  const auto batch = record::BatchView::parse(records);
  if (!batch) return Code::invalid_record;
  if (batch->codec_known() && batch->codec() == record::Codec::zstd && version < kZstdSince)
    return Code::unsupported_compression_type;
  return batch->size() == records.size() ? Code::none : Code::invalid_record;
}

}  // namespace

void refuse(BatchIntake::Answer& answer, Code code, std::string message) {
  answer.error_code = code;
  answer.base_offset = -1;
  answer.error_message = std::move(message);
}

bool BatchIntake::judge(ByteView records, const TopicRules& rules, int16_t version, int64_t now_ms,
                        Answer& answer) {
  const auto fail_before_the_log = [&](Code code, std::string message) {
    answer.log_start_offset = -1;  // Kafka has not looked at the partition then
    refuse(answer, code, std::move(message));
    return false;
  };
  if (const Code code = judge_shape(records, version); code != Code::none) {
    return fail_before_the_log(
        code, "a produce request has one whole batch of magic 2 for each partition");
  }
  const record::BatchView batch = *record::BatchView::parse(records);
  if (batch.base_offset() != 0) {
    refuse(answer, Code::invalid_record, "the offsets of a batch begin with 0");
    return false;
  }
  if (records.size() > static_cast<size_t>(rules.message_bytes_max))
    return fail_before_the_log(Code::message_too_large,
                               "the batch is larger than max.message.bytes");
  record::ClientBatchRules checks;
  if (look_inside(batch, rules))
    checks = {.keys_required = rules.compacted, .decompressor = &decompressor_, .scratch = &plain_};
  const BatchFault fault = record::validate_client_batch(records, checks);
  if (fault == BatchFault::null_key) {
    name_records(
        reader(batch, plain(batch)), "a compacted topic takes no record without a key",
        [](const record::RecordView& record) { return !record.key; }, answer);
  }
  if (record::is_corruption(fault))
    return fail_before_the_log(Code::corrupt_message, record::name(fault));
  if (fault != BatchFault::none) {
    refuse(answer, code_for_fault(fault), record::name(fault));
    return false;
  }
  return rules.log_append_time || judge_timestamps(batch, rules.produce, now_ms, answer);
}

bool BatchIntake::judge_timestamps(const record::BatchView& batch, const ProduceRules& rules,
                                   int64_t now_ms, Answer& answer) const {
  const int64_t latest = saturating_sum(now_ms, rules.after_now_ms_max);
  const int64_t earliest =
      rules.before_now_ms_max > now_ms ? INT64_MIN : now_ms - rules.before_now_ms_max;
  if (batch.max_timestamp_ms() <= latest && earliest == INT64_MIN) return true;
  const auto wrong = [&](const record::RecordView& record) {
    return record.timestamp_ms >= 0 &&
           (record.timestamp_ms > latest || record.timestamp_ms < earliest);
  };
  // A compressed batch that nobody had to look into is judged by its header alone.
  if (batch.codec() == record::Codec::none || earliest != INT64_MIN)
    name_records(reader(batch, plain(batch)), "the timestamp is out of the topic's range", wrong,
                 answer);
  if (answer.record_errors.empty() && batch.max_timestamp_ms() <= latest) return true;
  refuse(answer, Code::invalid_timestamp,
         fmt::format("timestamps of this topic are between {} and {}", earliest, latest));
  return false;
}

ByteView BatchIntake::plain(const record::BatchView& batch) const {
  return batch.codec() == record::Codec::none ? batch.payload() : ByteView(plain_);
}

std::optional<record::BatchView> BatchIntake::convert(const record::BatchView& batch,
                                                      const TopicRules& rules, int64_t now_ms,
                                                      Answer& answer) {
  const bool repack = rules.produce.codec && rules.produce.codec != batch.codec();
  if (!repack && !rules.log_append_time) return batch;
  if (repack) {
    const Status repacked = record::recompress(batch, plain(batch), *rules.produce.codec,
                                               rules.produce.compression_level, compressor_, kept_);
    if (!repacked) {
      refuse(answer, Code::unknown_server_error, repacked.error().message);
      return {};
    }
    if (kept_.size() > static_cast<size_t>(rules.message_bytes_max)) {
      answer.log_start_offset = -1;
      refuse(answer, Code::message_too_large,
             "the batch is larger than max.message.bytes in the topic's codec");
      return {};
    }
  } else {
    kept_.assign(batch.bytes().begin(), batch.bytes().end());
  }
  if (rules.log_append_time) {
    record::set_log_append_time(kept_, now_ms);
    answer.log_append_time_ms = now_ms;
  }
  return *record::BatchView::parse(kept_);
}

}  // namespace holdfast::broker
