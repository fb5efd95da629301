#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "record/batch.h"
#include "record/compression.h"

namespace holdfast::record {

/// The same batch with its records in another codec: header fields, offsets and records stay, codec,
/// length and CRC change. `plain` are the batch's records as they are without compression; `level`
/// is the codec's own, 0 its default. Replaces the contents of `out`, which must not hold `batch` or
/// `plain`. Fails only when a codec refuses.
Status recompress(const BatchView& batch, ByteView plain, Codec codec, int level,
                  Compressor& compressor, ByteBuffer& out);

}  // namespace holdfast::record
