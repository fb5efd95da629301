#include "record/batch.h"

#include "base/check.h"
#include "base/crc32c.h"
#include "record/batch_header.h"

namespace holdfast::record {
namespace {

/// The whole size that a batch's header claims, or 0 when it is absurd.
size_t claimed_size(ByteView bytes) {
  const auto length = load_be<int32_t>(bytes.data() + header::length);
  const size_t size = batch_prefix_bytes + static_cast<size_t>(length);
  return length < 0 || size < batch_header_bytes ? 0 : size;
}

BatchFault judge_census(const RecordCensus& census, int32_t announced) {
  if (!census.well_formed || census.records != announced || !census.offsets_dense)
    return BatchFault::wrong_records;
  return census.null_key_seen ? BatchFault::null_key : BatchFault::none;
}

BatchFault judge_records(const BatchView& batch, const ClientBatchRules& rules) {
  if (batch.codec() == Codec::none)
    return judge_census(take_census(batch.payload(), batch.record_count(), rules.keys_required),
                        batch.record_count());
  if (rules.decompressor == nullptr) return BatchFault::none;
  HOLDFAST_CHECK(rules.scratch != nullptr);
  const auto unpacked = rules.decompressor->decompress(batch.codec(), batch.payload(),
                                                       rules.unpacked_bytes_max, *rules.scratch);
  if (!unpacked)
    return unpacked.error().code == ErrorCode::limit ? BatchFault::too_large_unpacked
                                                     : BatchFault::bad_compression;
  return judge_census(take_census(*rules.scratch, batch.record_count(), rules.keys_required),
                      batch.record_count());
}

}  // namespace

const char* name(BatchFault fault) {
  switch (fault) {
    case BatchFault::none:
      return "none";
    case BatchFault::bad_size:
      return "bad_size";
    case BatchFault::bad_crc:
      return "bad_crc";
    case BatchFault::bad_compression:
      return "bad_compression";
    case BatchFault::bad_magic:
      return "bad_magic";
    case BatchFault::unknown_codec:
      return "unknown_codec";
    case BatchFault::too_large_unpacked:
      return "too_large_unpacked";
    case BatchFault::more_than_one_batch:
      return "more_than_one_batch";
    case BatchFault::control_batch:
      return "control_batch";
    case BatchFault::bad_record_count:
      return "bad_record_count";
    case BatchFault::bad_producer:
      return "bad_producer";
    case BatchFault::wrong_records:
      return "wrong_records";
    case BatchFault::null_key:
      return "null_key";
  }
  return "?";
}

Result<BatchView> BatchView::parse(ByteView bytes) {
  if (bytes.size() < batch_header_bytes)
    return fail(ErrorCode::corrupt, "record batch is cut short in its header");
  const size_t size = claimed_size(bytes);
  if (size == 0 || size > bytes.size())
    return fail(ErrorCode::corrupt, "record batch claims a size that is not there");
  if (load_be<int8_t>(bytes.data() + header::magic) != batch_magic)
    return fail(ErrorCode::corrupt, "record batch is not of magic 2");
  return BatchView(bytes.first(size));
}

int32_t BatchView::last_sequence() const {
  if (base_sequence() < 0) return base_sequence();
  return static_cast<int32_t>(
      (static_cast<uint32_t>(base_sequence()) + static_cast<uint32_t>(last_offset_delta())) &
      0x7fffffffu);
}

bool BatchView::crc_matches() const {
  return crc() == crc32c(bytes_.subspan(header::attributes));
}

RecordReader BatchView::reader_over(ByteView records) const {
  std::optional<int64_t> log_time;
  if (log_append_time()) log_time = max_timestamp_ms();
  return RecordReader(records, record_count(), base_offset(), base_timestamp_ms(), log_time);
}

RecordReader BatchView::records() const {
  if (codec() == Codec::none && codec_known()) return reader_over(payload());
  return RecordReader({}, -1, base_offset(), 0);  // a negative count reads as damage
}

Result<RecordReader> BatchView::records(Decompressor& decompressor, ByteBuffer& scratch,
                                        size_t bytes_max) const {
  if (!codec_known()) return fail(ErrorCode::corrupt, "record batch has an unknown codec");
  if (codec() == Codec::none) return reader_over(payload());
  HOLDFAST_CHECKED(decompressor.decompress(codec(), payload(), bytes_max, scratch));
  return reader_over(scratch);
}

BatchFault validate_client_batch(ByteView bytes, const ClientBatchRules& rules) {
  if (bytes.size() < batch_header_bytes) return BatchFault::bad_size;
  // The magic comes first: the older formats have other things where a batch has its length.
  if (load_be<int8_t>(bytes.data() + header::magic) != batch_magic) return BatchFault::bad_magic;
  const size_t size = claimed_size(bytes);
  if (size == 0 || size > bytes.size()) return BatchFault::bad_size;
  const auto parsed = BatchView::parse(bytes);
  if (!parsed) return BatchFault::bad_size;
  const BatchView& batch = *parsed;
  if (!batch.crc_matches()) return BatchFault::bad_crc;
  if (size != bytes.size()) return BatchFault::more_than_one_batch;
  if (!batch.codec_known()) return BatchFault::unknown_codec;
  if (batch.control()) return BatchFault::control_batch;
  if (batch.record_count() <= 0 || batch.last_offset_delta() != batch.record_count() - 1)
    return BatchFault::bad_record_count;
  if (batch.idempotent() ? batch.base_sequence() < 0 || batch.producer_epoch() < 0
                         : batch.transactional())
    return BatchFault::bad_producer;
  return judge_records(batch, rules);
}

void set_base_offset(MutableBytes batch, int64_t offset) {
  HOLDFAST_CHECK(batch.size() >= batch_header_bytes);
  store_be(batch.data(), offset);
}

void set_leader_epoch(MutableBytes batch, int32_t epoch) {
  HOLDFAST_CHECK(batch.size() >= batch_header_bytes);
  store_be(batch.data() + header::leader_epoch, epoch);
}

void set_log_append_time(MutableBytes batch, int64_t timestamp_ms) {
  HOLDFAST_CHECK(batch.size() >= batch_header_bytes);
  const size_t size = claimed_size(batch);
  HOLDFAST_CHECK(size != 0 && size <= batch.size());
  const auto attributes = load_be<uint16_t>(batch.data() + header::attributes);
  store_be<uint16_t>(batch.data() + header::attributes, attributes | header::log_append_time_bit);
  store_be(batch.data() + header::max_timestamp, timestamp_ms);
  header::seal(batch.first(size));
}

}  // namespace holdfast::record
