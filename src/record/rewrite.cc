#include "record/rewrite.h"

#include "record/batch_header.h"
#include "record/record_writer.h"

namespace holdfast::record {
namespace {

/// As wrapping_sum: what a hostile client sent must wrap, and comes back by the same way.
int64_t wrapping_difference(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

}  // namespace

Status rewrite(const BatchView& batch, ByteView plain, const Rewrite& changes,
               Compressor& compressor, ByteBuffer& out) {
  const ByteView before = batch.bytes().first(batch_header_bytes);
  out.assign(before.begin(), before.end());
  const Codec codec = changes.records == 0 ? Codec::none : changes.codec;
  if (codec != Codec::none) {
    HOLDFAST_CHECKED(compressor.compress(codec, plain, out, changes.level));
  } else if (changes.records > 0) {
    append(out, plain);
  }
  unsigned attributes =
      (batch.attributes() & ~unsigned{header::codec_bits}) | static_cast<unsigned>(codec);
  if (changes.delete_horizon_ms) {
    attributes |= header::delete_horizon_bit;
    store_be(out.data() + header::base_timestamp, *changes.delete_horizon_ms);
  }
  if (changes.max_timestamp_ms)
    store_be(out.data() + header::max_timestamp, *changes.max_timestamp_ms);
  store_be(out.data() + header::attributes, static_cast<uint16_t>(attributes));
  store_be(out.data() + header::record_count, changes.records);
  header::seal(out);
  return {};
}

void append_record(ByteBuffer& plain, const RecordView& record, int64_t base_timestamp_ms) {
  const RecordFields fields{
      .timestamp_delta = wrapping_difference(record.timestamp_ms, base_timestamp_ms),
      .offset_delta = record.offset_delta,
      .key = record.key,
      .value = record.value,
      .header_count = record.header_count};
  const size_t body = fields.size() + record.header_bytes.size();
  const size_t begin = plain.size();
  plain.resize(begin + varint_size(static_cast<int64_t>(body)) + body);
  std::byte* to = write_varint(plain.data() + begin, static_cast<int64_t>(body));
  write_raw(fields.write(to), record.header_bytes);
}

}  // namespace holdfast::record
