#include "record/batch_builder.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "record/batch_header.h"
#include "record/record_writer.h"

namespace holdfast::record {
namespace {

constexpr size_t int32_max = std::numeric_limits<int32_t>::max();

RecordFields fields_of(const NewRecord& record, int64_t timestamp_delta, int32_t offset_delta) {
  return {.timestamp_delta = timestamp_delta,
          .offset_delta = offset_delta,
          .key = record.key,
          .value = record.value,
          .header_count = static_cast<int64_t>(record.headers.size())};
}

size_t size_of(std::span<const HeaderView> headers) {
  size_t size = 0;
  for (const HeaderView& header : headers)
    size += varint_size(static_cast<int64_t>(header.name.size())) + header.name.size() +
            bytes_size(header.value);
  return size;
}

std::byte* write_headers(std::byte* to, std::span<const HeaderView> headers) {
  for (const HeaderView& header : headers) {
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
  const RecordFields fields = fields_of(record, timestamp_delta, count_);
  const size_t body = fields.size() + size_of(record.headers);
  HOLDFAST_CHECK(body <= int32_max && used_ + body <= int32_max - varint_bytes_max);
  std::byte* to = write_varint(room_for(body + varint_bytes_max), static_cast<int64_t>(body));
  to = write_headers(fields.write(to), record.headers);
  used_ = static_cast<size_t>(to - plain_.data());
  ++count_;
}

void BatchBuilder::write_header(MutableBytes batch) const {
  std::byte* const to = batch.data();
  const unsigned attributes = static_cast<unsigned>(options_.codec) |
                              (options_.transactional ? header::transactional_bit : 0u) |
                              (options_.control ? header::control_bit : 0u);
  store_be<int64_t>(to + header::base_offset, options_.base_offset);
  store_be<int32_t>(to + header::leader_epoch, options_.leader_epoch);
  store_be<int8_t>(to + header::magic, batch_magic);
  store_be<uint16_t>(to + header::attributes, static_cast<uint16_t>(attributes));
  store_be<int32_t>(to + header::last_offset_delta, count_ - 1);
  store_be<int64_t>(to + header::base_timestamp, base_timestamp_ms_);
  store_be<int64_t>(to + header::max_timestamp, max_timestamp_ms_);
  store_be<int64_t>(to + header::producer_id, options_.producer_id);
  store_be<int16_t>(to + header::producer_epoch, options_.producer_epoch);
  store_be<int32_t>(to + header::base_sequence, options_.base_sequence);
  store_be<int32_t>(to + header::record_count, count_);
  header::seal(batch);
}

Result<ByteView> BatchBuilder::finish() {
  HOLDFAST_CHECK(count_ > 0);
  const MutableBytes plain(plain_.data(), used_);
  if (options_.codec == Codec::none) {
    write_header(plain);
    return ByteView(plain);
  }
  compressed_.resize(batch_header_bytes);
  HOLDFAST_CHECKED(compressor_.compress(options_.codec, plain.subspan(batch_header_bytes),
                                        compressed_, options_.compression_level));
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
                 .transactional = true,
                 .control = true});
  builder.add({.timestamp_ms = control.timestamp_ms,
               .key = ByteView(key),
               .value = ByteView(value),
               .headers = {}});
  const auto built = builder.finish();
  HOLDFAST_CHECK(built.has_value());  // nothing is compressed, so nothing can fail
  return {built->begin(), built->end()};
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
