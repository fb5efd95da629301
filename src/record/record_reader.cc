#include "record/record_reader.h"

namespace holdfast::record {
namespace {

/// A nullable byte string: varint length (-1 is null), then the bytes. Null when it does not fit.
const std::byte* read_bytes(const std::byte* from, const std::byte* end, std::optional<ByteView>& value) {
  int32_t length = 0;
  from = read_varint(from, end, length);
  if (from == nullptr || length < -1 || length > end - from) return nullptr;
  if (length < 0) {
    value.reset();
    return from;
  }
  value.emplace(from, static_cast<size_t>(length));
  return from + length;
}

}  // namespace

bool HeaderReader::next(HeaderView& header) {
  if (left_ <= 0) {
    if (next_ != end_) damaged_ = true;
    return false;
  }
  --left_;
  std::optional<ByteView> name;
  const std::byte* at = read_bytes(next_, end_, name);
  if (at != nullptr && name) at = read_bytes(at, end_, header.value);
  if (at == nullptr || !name) {
    left_ = 0;
    damaged_ = true;
    return false;
  }
  header.name = as_text(*name);
  next_ = at;
  return true;
}

bool RecordReader::next(RecordView& record) {
  if (left_ <= 0) {
    if (next_ != end_ || left_ < 0) damaged_ = true;
    return false;
  }
  --left_;
  damaged_ = true;  // until this one has been read whole
  int32_t length = 0;
  const std::byte* at = read_varint(next_, end_, length);
  if (at == nullptr || length < 1 || length > end_ - at) return left_ = 0, false;
  const std::byte* const record_end = at + length;
  int64_t timestamp_delta = 0;
  at = read_varlong(at + 1, record_end, timestamp_delta);  // + 1: the record's attributes, unused so far
  if (at != nullptr) at = read_varint(at, record_end, record.offset_delta);
  if (at != nullptr) at = read_bytes(at, record_end, record.key);
  if (at != nullptr) at = read_bytes(at, record_end, record.value);
  if (at != nullptr) at = read_varint(at, record_end, record.header_count);
  if (at == nullptr || record.header_count < 0 || record.header_count > record_end - at) return left_ = 0, false;
  record.header_bytes = ByteView(at, record_end);
  record.offset = wrapping_sum(base_offset_, record.offset_delta);
  record.timestamp_ms = log_append_time_ms_.value_or(wrapping_sum(base_timestamp_ms_, timestamp_delta));
  next_ = record_end;
  damaged_ = false;
  return true;
}

RecordCensus take_census(ByteView records, int32_t at_most, bool look_at_keys) {
  RecordCensus census{.offsets_dense = true};
  const std::byte* at = records.data();
  const std::byte* const end = at + records.size();
  while (at != end && census.records < at_most) {
    int32_t length = 0;
    at = read_varint(at, end, length);
    if (at == nullptr || length < 1 || length > end - at) return census;
    const std::byte* const record_end = at + length;
    int64_t timestamp_delta = 0;
    int32_t offset_delta = 0;
    const std::byte* field = read_varlong(at + 1, record_end, timestamp_delta);
    if (field != nullptr) field = read_varint(field, record_end, offset_delta);
    if (field == nullptr) return census;
    if (offset_delta != census.records) census.offsets_dense = false;
    if (look_at_keys) {
      int32_t key_length = 0;
      if (read_varint(field, record_end, key_length) == nullptr) return census;
      if (key_length < 0) census.null_key_seen = true;
    }
    ++census.records;
    at = record_end;
  }
  census.well_formed = at == end;
  return census;
}

}  // namespace holdfast::record
