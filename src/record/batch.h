#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "record/compression.h"
#include "record/record_reader.h"
#include "record/varint.h"

namespace holdfast::record {

/// Record batch, magic 2 (KIP-98; Kafka's implementation notes, "Record Batch"). Big-endian:
///
///    0 int64 baseOffset            23 int32 lastOffsetDelta       51 int16 producerEpoch
///    8 int32 batchLength           27 int64 baseTimestamp         53 int32 baseSequence
///   12 int32 partitionLeaderEpoch  35 int64 maxTimestamp          57 int32 recordsCount
///   16 int8  magic                 43 int64 producerId            61 records, or one compressed blob
///   17 uint32 crc (CRC-32C over byte 21 to the end)
///   21 int16 attributes (0-2 codec, 3 log append time, 4 transactional, 5 control, 6 delete horizon)
inline constexpr size_t batch_header_bytes = 61;
/// baseOffset and batchLength, which batchLength does not count.
inline constexpr size_t batch_prefix_bytes = 12;
inline constexpr int8_t batch_magic = 2;

/// One batch in somebody else's bytes. Cheap to copy. Trusts only its size and magic: nothing else is checked by `parse`.
class BatchView {
 public:
  /// The batch at the beginning of `bytes`; more may follow it. Fails with `corrupt` when it is cut short, its length is
  /// absurd or its magic is not 2.
  static Result<BatchView> parse(ByteView bytes);

  ByteView bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }

  int64_t base_offset() const { return at<int64_t>(0); }
  int64_t last_offset() const { return wrapping_sum(base_offset(), last_offset_delta()); }
  int32_t leader_epoch() const { return at<int32_t>(12); }
  uint32_t crc() const { return at<uint32_t>(17); }
  uint16_t attributes() const { return at<uint16_t>(21); }
  int32_t last_offset_delta() const { return at<int32_t>(23); }
  int64_t base_timestamp_ms() const { return at<int64_t>(27); }
  int64_t max_timestamp_ms() const { return at<int64_t>(35); }
  int64_t producer_id() const { return at<int64_t>(43); }
  int16_t producer_epoch() const { return at<int16_t>(51); }
  int32_t base_sequence() const { return at<int32_t>(53); }
  int32_t record_count() const { return at<int32_t>(57); }

  bool codec_known() const { return (attributes() & 7) <= 4; }
  Codec codec() const { return static_cast<Codec>(attributes() & 7); }
  bool log_append_time() const { return (attributes() & 8) != 0; }
  bool transactional() const { return (attributes() & 16) != 0; }
  bool control() const { return (attributes() & 32) != 0; }
  bool has_delete_horizon() const { return (attributes() & 64) != 0; }
  bool idempotent() const { return producer_id() >= 0; }
  /// The last record's sequence; sequences wrap from 2^31-1 to 0.
  int32_t last_sequence() const;

  /// What is behind the header: records, or their compressed form.
  ByteView payload() const { return bytes_.subspan(batch_header_bytes); }
  /// Reads every byte but the first 21.
  bool crc_matches() const;

  /// The records of an uncompressed batch (a compressed one reads as damaged).
  RecordReader records() const;
  /// The records of any batch; a compressed one is decompressed into `scratch`, which must outlive the reader, to at most
  /// `bytes_max` bytes. Fails with `corrupt` or `limit`.
  Result<RecordReader> records(Decompressor& decompressor, ByteBuffer& scratch, size_t bytes_max) const;

 private:
  explicit BatchView(ByteView bytes) : bytes_(bytes) {}
  template <std::integral T>
  T at(size_t place) const {
    return load_be<T>(bytes_.data() + place);
  }
  RecordReader reader_over(ByteView records) const;

  ByteView bytes_;
};

/// What may be wrong with a batch that a client sent. The broker answers CORRUPT_MESSAGE for those where `is_corruption`
/// (the client may send again), UNSUPPORTED_FOR_MESSAGE_FORMAT for `bad_magic`, UNSUPPORTED_COMPRESSION_TYPE for
/// `unknown_codec`, MESSAGE_TOO_LARGE for `too_large_unpacked` and INVALID_RECORD for the others.
enum class BatchFault : uint8_t {
  none,
  bad_size,              // shorter than a header, or batchLength is not what is there
  bad_crc,
  bad_compression,       // the compressed blob does not decompress
  bad_magic,
  unknown_codec,
  too_large_unpacked,    // bigger than the bound once decompressed
  more_than_one_batch,   // Produce carries exactly one per partition
  control_batch,         // only brokers write those
  bad_record_count,      // zero, negative, or not lastOffsetDelta + 1
  bad_producer,          // sequence or epoch missing though there is a producer id; transactional without one
  wrong_records,         // the records there are not the records announced
  null_key,              // the topic is compacted, which needs keys
};

const char* name(BatchFault fault);
constexpr bool is_corruption(BatchFault fault) {
  return fault == BatchFault::bad_size || fault == BatchFault::bad_crc || fault == BatchFault::bad_compression;
}

/// How far to look.
struct ClientBatchRules {
  bool keys_required = false;             // the topic is compacted
  Decompressor* decompressor = nullptr;   // null: the inside of compressed batches is believed
  ByteBuffer* scratch = nullptr;          // needed with a decompressor
  size_t unpacked_bytes_max = 64u << 20;
};

/// Judges one partition's bytes of a Produce request. Allocates nothing (but for decompression into `scratch`).
BatchFault validate_client_batch(ByteView bytes, const ClientBatchRules& rules = {});

/// Rewritten by the broker; outside the CRC. `batch` must have parsed.
void set_base_offset(MutableBytes batch, int64_t offset);
void set_leader_epoch(MutableBytes batch, int32_t epoch);
/// Stamps the broker's time on all records: attribute and maxTimestamp change, so the CRC is made anew.
void set_log_append_time(MutableBytes batch, int64_t timestamp_ms);

}  // namespace holdfast::record
