#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "record/varint.h"

namespace holdfast::record {

/// A record's header; both views point into the batch.
struct HeaderView {
  std::string_view name;
  std::optional<ByteView> value;
};

/// Walks a record's headers. No allocation.
///
///   for (HeaderReader headers = record.headers(); headers.next(header);) ...
class HeaderReader {
 public:
  HeaderReader(ByteView bytes, int32_t count)
      : next_(bytes.data()), end_(bytes.data() + bytes.size()), left_(count) {}

  /// The next header, or false at the end or at damage.
  bool next(HeaderView& header);
  /// True when the walk stopped early, or bytes were left over behind the last header.
  bool damaged() const { return damaged_; }

 private:
  const std::byte* next_;
  const std::byte* end_;
  int32_t left_;
  bool damaged_ = false;
};

/// One record; all views point into the batch (or into the buffer it was decompressed to).
struct RecordView {
  int64_t offset = 0;
  int64_t timestamp_ms = 0;
  int32_t offset_delta = 0;
  std::optional<ByteView> key;
  std::optional<ByteView> value;
  int32_t header_count = 0;
  ByteView header_bytes;

  HeaderReader headers() const { return {header_bytes, header_count}; }
};

/// Walks the uncompressed records of one batch. No allocation.
///
///   for (RecordReader records = ...; records.next(record);) ...
///   if (records.damaged()) ...
class RecordReader {
 public:
  /// `log_append_time_ms` is set when the batch says that its records carry the broker's time instead of their own.
  RecordReader(ByteView records, int32_t count, int64_t base_offset, int64_t base_timestamp_ms,
               std::optional<int64_t> log_append_time_ms = {})
      : next_(records.data()), end_(records.data() + records.size()), left_(count), base_offset_(base_offset),
        base_timestamp_ms_(base_timestamp_ms), log_append_time_ms_(log_append_time_ms) {}

  /// The next record, or false at the end or at damage. Header contents are not looked at.
  bool next(RecordView& record);
  /// True when the walk stopped early, or bytes were left over behind the last record.
  bool damaged() const { return damaged_; }

 private:
  const std::byte* next_;
  const std::byte* end_;
  int32_t left_;
  int64_t base_offset_;
  int64_t base_timestamp_ms_;
  std::optional<int64_t> log_append_time_ms_;
  bool damaged_ = false;
};

/// What a walk over the lengths and the first fields of uncompressed records found.
struct RecordCensus {
  int32_t records = 0;
  bool well_formed = false;     // the records end exactly where the bytes end
  bool offsets_dense = false;   // offset deltas are 0, 1, 2, ...
  bool null_key_seen = false;   // false as long as not asked for
};

/// Counts records by their lengths, at a few nanoseconds each; keys, values and headers are skipped over unread.
/// Never counts further than `at_most`.
RecordCensus take_census(ByteView records, int32_t at_most, bool look_at_keys = false);

}  // namespace holdfast::record
