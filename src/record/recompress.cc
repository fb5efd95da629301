#include "record/recompress.h"

#include "base/crc32c.h"

namespace holdfast::record {

Status recompress(const BatchView& batch, ByteView plain, Codec codec, int level,
                  Compressor& compressor, ByteBuffer& out) {
  const ByteView header = batch.bytes().first(batch_header_bytes);
  out.assign(header.begin(), header.end());
  if (codec == Codec::none)
    append(out, plain);
  else
    HOLDFAST_CHECKED(compressor.compress(codec, plain, out, level));
  const unsigned attributes = (batch.attributes() & ~7u) | static_cast<unsigned>(codec);
  store_be(out.data() + 8, static_cast<int32_t>(out.size() - batch_prefix_bytes));
  store_be(out.data() + 21, static_cast<uint16_t>(attributes));
  store_be(out.data() + 17, crc32c(ByteView(out).subspan(21)));
  return {};
}

}  // namespace holdfast::record
