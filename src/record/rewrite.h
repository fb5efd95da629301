#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"
#include "record/compression.h"

namespace holdfast::record {

/// What of a batch changes when another takes its place; all else stays: offsets, producer, epochs,
/// attributes.
struct Rewrite {
  Codec codec = Codec::none;
  int level = 0;        // the codec's own; 0 its default
  int32_t records = 0;  // fewer than before where some were left out; none: the batch is empty, and
                        // not compressed
  std::optional<int64_t> max_timestamp_ms = {};
  /// Until when tombstones and markers are kept (KIP-534). Takes the place of the base timestamp.
  std::optional<int64_t> delete_horizon_ms = {};
};

/// The batch made anew around `plain`, its records without compression. Replaces the contents of
/// `out`, which must hold neither. Fails only when a codec refuses.
Status rewrite(const BatchView& batch, ByteView plain, const Rewrite& changes,
               Compressor& compressor, ByteBuffer& out);

/// The same batch with all its records in another codec.
inline Status recompress(const BatchView& batch, ByteView plain, Codec codec, int level,
                         Compressor& compressor, ByteBuffer& out) {
  return rewrite(batch, plain, {.codec = codec, .level = level, .records = batch.record_count()},
                 compressor, out);
}

/// Adds a record as it stands in a batch with that base timestamp, for `plain` above. Its offset
/// stays.
void append_record(ByteBuffer& plain, const RecordView& record, int64_t base_timestamp_ms);

}  // namespace holdfast::record
