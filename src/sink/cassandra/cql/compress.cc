#include "sink/cassandra/cql/compress.h"

#include <lz4.h>
#include <snappy-c.h>

namespace holdfast::cql {
namespace {

const char* chars(ByteView bytes) {
  return reinterpret_cast<const char*>(bytes.data());
}
char* chars(ByteBuffer& bytes, size_t at = 0) {
  return reinterpret_cast<char*>(bytes.data() + at);
}

/// Appends the block to what is in `to`.
void append_block(ByteView from, ByteBuffer& to) {
  const size_t at = to.size();
  const int room = LZ4_compressBound(static_cast<int>(from.size()));
  to.resize(at + static_cast<size_t>(room));
  const int made =
      LZ4_compress_default(chars(from), chars(to, at), static_cast<int>(from.size()), room);
  to.resize(at + static_cast<size_t>(made));
}

Status wrong() {
  return fail(ErrorCode::corrupt, "a compressed message cannot be decompressed");
}

}  // namespace

void compress_body(Compression compression, ByteView body, ByteBuffer& to) {
  if (compression == Compression::lz4) {
    to.resize(4);
    store_be(to.data(), static_cast<uint32_t>(body.size()));
    append_block(body, to);
    return;
  }
  size_t made = snappy_max_compressed_length(body.size());
  to.resize(made);
  snappy_compress(chars(body), body.size(), chars(to), &made);
  to.resize(made);
}

Status decompress_body(Compression compression, ByteView body, size_t size_max, ByteBuffer& to) {
  if (compression == Compression::lz4) {
    if (body.size() < 4) return wrong();
    const uint32_t size = load_be<uint32_t>(body.data());
    if (size > size_max) return wrong();
    to.resize(size);
    if (size > 0 && !decompress_block(body.subspan(4), to)) return wrong();
    return {};
  }
  size_t size = 0;
  if (compression != Compression::snappy ||
      snappy_uncompressed_length(chars(body), body.size(), &size) != SNAPPY_OK || size > size_max)
    return wrong();
  to.resize(size);
  if (snappy_uncompress(chars(body), body.size(), chars(to), &size) != SNAPPY_OK) return wrong();
  return {};
}

void compress_block(ByteView from, ByteBuffer& to) {
  to.clear();
  append_block(from, to);
}

bool decompress_block(ByteView from, MutableBytes to) {
  const int made = LZ4_decompress_safe(chars(from), reinterpret_cast<char*>(to.data()),
                                       static_cast<int>(from.size()), static_cast<int>(to.size()));
  return made >= 0 && static_cast<size_t>(made) == to.size();
}

}  // namespace holdfast::cql
