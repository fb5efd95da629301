#include "record/batch_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/crc32c.h"
#include "record/varint.h"

namespace holdfast::record {
namespace {

constexpr size_t int32_max = std::numeric_limits<int32_t>::max();

size_t bytes_size(const std::optional<ByteView>& bytes) {
  return bytes ? varint_size(static_cast<int64_t>(bytes->size())) + bytes->size() : 1;
}

std::byte* write_raw(std::byte* to, ByteView bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

std::byte* write_bytes(std::byte* to, const std::optional<ByteView>& bytes) {
  if (!bytes) return write_varint(to, -1);
  return write_raw(write_varint(to, static_cast<int64_t>(bytes->size())), *bytes);
}

/// Everything of a record behind its length.
size_t body_size(const NewRecord& record, int64_t timestamp_delta, int32_t offset_delta) {
  size_t size = 1 + varint_size(timestamp_delta) + varint_size(offset_delta) + bytes_size(record.key) +
                bytes_size(record.value) + varint_size(static_cast<int64_t>(record.headers.size()));
  for (const HeaderView& header : record.headers)
    size += varint_size(static_cast<int64_t>(header.name.size())) + header.name.size() + bytes_size(header.value);
  return size;
}

std::byte* write_body(std::byte* to, const NewRecord& record, int64_t timestamp_delta, int32_t offset_delta) {
  *to++ = std::byte{0};  // attributes: none are defined
  to = write_varint(to, timestamp_delta);
  to = write_varint(to, offset_delta);
  to = write_bytes(to, record.key);
  to = write_bytes(to, record.value);
  to = write_varint(to, static_cast<int64_t>(record.headers.size()));
  for (const HeaderView& header : record.headers) {
    to = write_varint(to, static_cast<int64_t>(header.name.size()));
    to = write_raw(to, as_bytes(header.name));
    to = write_bytes(to, header.value);
  }
  return to;
}

}  // namespace

void BatchBuilder::begin(const BatchOptions& options) {
  options_ = options;
  used_ = batch_header_bytes;
  count_ = 0;
  base_timestamp_ms_ = 0;
  max_timestamp_ms_ = -1;
}

std::byte* BatchBuilder::room_for(size_t bytes) {
  if (plain_.size() - std::min(used_, plain_.size()) < bytes) [[unlikely]]
    plain_.resize(std::max({used_ + bytes, plain_.size() * 2, size_t{16384}}));
  return plain_.data() + used_;
}

void BatchBuilder::add(const NewRecord& record) {
  if (count_ == 0) base_timestamp_ms_ = record.timestamp_ms;
  max_timestamp_ms_ = std::max(max_timestamp_ms_, record.timestamp_ms);
  const int64_t timestamp_delta = record.timestamp_ms - base_timestamp_ms_;
  const size_t body = body_size(record, timestamp_delta, count_);
  HOLDFAST_CHECK(body <= int32_max && used_ + body <= int32_max - varint_bytes_max);
  std::byte* to = write_varint(room_for(body + varint_bytes_max), static_cast<int64_t>(body));
  to = write_body(to, record, timestamp_delta, count_);
  used_ = static_cast<size_t>(to - plain_.data());
  ++count_;
}

void BatchBuilder::write_header(MutableBytes batch) const {
  std::byte* const to = batch.data();
  const auto attributes =
      static_cast<uint16_t>(static_cast<unsigned>(options_.codec) | (options_.transactional ? 16u : 0u));
  store_be<int64_t>(to, options_.base_offset);
  store_be<int32_t>(to + 8, static_cast<int32_t>(batch.size() - batch_prefix_bytes));
  store_be<int32_t>(to + 12, options_.leader_epoch);
  store_be<int8_t>(to + 16, batch_magic);
  store_be<uint16_t>(to + 21, attributes);
  store_be<int32_t>(to + 23, count_ - 1);
  store_be<int64_t>(to + 27, base_timestamp_ms_);
  store_be<int64_t>(to + 35, max_timestamp_ms_);
  store_be<int64_t>(to + 43, options_.producer_id);
  store_be<int16_t>(to + 51, options_.producer_epoch);
  store_be<int32_t>(to + 53, options_.base_sequence);
  store_be<int32_t>(to + 57, count_);
  store_be<uint32_t>(to + 17, crc32c(batch.subspan(21)));
}

Result<ByteView> BatchBuilder::finish() {
  HOLDFAST_CHECK(count_ > 0);
  const MutableBytes plain(plain_.data(), used_);
  if (options_.codec == Codec::none) {
    write_header(plain);
    return ByteView(plain);
  }
  compressed_.resize(batch_header_bytes);
  HOLDFAST_CHECKED(compressor_.compress(options_.codec, plain.subspan(batch_header_bytes), compressed_,
                                        options_.compression_level));
  write_header(compressed_);
  return ByteView(compressed_);
}

ByteBuffer build_control_batch(const ControlBatch& control) {
  std::byte key[4];
  store_be<int16_t>(key, 0);  // version
  store_be<int16_t>(key + 2, static_cast<int16_t>(control.type));
  std::byte value[6];
  store_be<int16_t>(value, 0);  // version
  store_be<int32_t>(value + 2, control.coordinator_epoch);
  BatchBuilder builder;
  builder.begin({.base_offset = control.base_offset,
                 .leader_epoch = control.leader_epoch,
                 .producer_id = control.producer_id,
                 .producer_epoch = control.producer_epoch,
                 .transactional = true});
  builder.add({.timestamp_ms = control.timestamp_ms, .key = ByteView(key), .value = ByteView(value), .headers = {}});
  const auto built = builder.finish();
  HOLDFAST_CHECK(built.has_value());  // nothing is compressed, so nothing can fail
  ByteBuffer batch(built->begin(), built->end());
  const auto attributes = load_be<uint16_t>(batch.data() + 21);
  store_be<uint16_t>(batch.data() + 21, attributes | 32);
  store_be<uint32_t>(batch.data() + 17, crc32c(ByteView(batch).subspan(21)));
  return batch;
}

std::optional<ControlType> control_type(const BatchView& batch) {
  if (!batch.control()) return {};
  RecordView record;
  RecordReader records = batch.records();
  if (!records.next(record) || !record.key || record.key->size() < 4) return {};
  const auto type = load_be<int16_t>(record.key->data() + 2);
  if (type != 0 && type != 1) return {};
  return static_cast<ControlType>(type);
}

}  // namespace holdfast::record
