#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"
#include "record/compression.h"

namespace holdfast::record {

/// A batch's header fields that its maker chooses.
struct BatchOptions {
  int64_t base_offset = 0;
  int32_t leader_epoch = -1;
  Codec codec = Codec::none;
  int compression_level = 0;  // the codec's default
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  int32_t base_sequence = -1;
  bool transactional = false;
  bool control = false;  // only for brokers: see build_control_batch
};

/// A record to be written; everything is copied.
struct NewRecord {
  int64_t timestamp_ms = 0;
  std::optional<ByteView> key = {};
  std::optional<ByteView> value = {};
  std::span<const HeaderView> headers = {};
};

/// Builds batches one after the other in buffers that it keeps, so that steady work allocates
/// nothing.
///
///   builder.begin(options);
///   builder.add(record); ...
///   ByteView batch = HOLDFAST_TRY(builder.finish());  // valid until the next begin
///
/// Not for use by two threads at once. Does not bound the batch: look at `size_bytes()` before
/// `add`.
class BatchBuilder {
 public:
  /// Forgets what was there.
  void begin(const BatchOptions& options);

  /// Adds a record with the next offset. Sizes above 2^31 are a programmer's error.
  void add(const NewRecord& record);

  int32_t count() const { return count_; }
  /// Bytes of the batch so far, before compression.
  size_t size_bytes() const { return used_; }

  /// Header, CRC, compression. Needs at least one record. Fails only when a codec refuses.
  Result<ByteView> finish();

 private:
  std::byte* room_for(size_t bytes);
  void write_header(MutableBytes batch) const;

  BatchOptions options_;
  Compressor compressor_;
  ByteBuffer plain_;       // header and records; its size is its capacity
  ByteBuffer compressed_;  // header and blob
  size_t used_ = batch_header_bytes;
  int32_t count_ = 0;
  int64_t base_timestamp_ms_ = 0;
  int64_t max_timestamp_ms_ = -1;
};

/// How a transaction ended.
enum class ControlType : int16_t { abort = 0, commit = 1 };

/// The one-record batch by which a coordinator ends a producer's transaction in a partition.
struct ControlBatch {
  int64_t base_offset = 0;
  int32_t leader_epoch = -1;
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  int32_t coordinator_epoch = 0;
  int64_t timestamp_ms = 0;
  ControlType type = ControlType::abort;
};
ByteBuffer build_control_batch(const ControlBatch& control);
/// What a control batch says; nothing when it is none, or of a type unknown to us.
std::optional<ControlType> control_type(const BatchView& batch);

}  // namespace holdfast::record
