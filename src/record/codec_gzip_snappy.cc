#include <snappy.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "record/codecs.h"

namespace holdfast::record::codecs {
namespace {

constexpr int gzip_window_bits = 15 + 16;  // 16: a gzip header, not a zlib one

Bytef* zlib_bytes(const std::byte* bytes) { return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes)); }

struct Inflater {
  z_stream stream{};
  bool open = inflateInit2(&stream, gzip_window_bits) == Z_OK;
  Inflater() = default;
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (open) inflateEnd(&stream);
  }
};

/// The framing of snappy-java, which Kafka's Java clients write: this magic, two int32 versions, then blocks, each with an
/// int32 length before it.
constexpr std::byte xerial_magic[8] = {std::byte{0x82}, std::byte{'S'}, std::byte{'N'}, std::byte{'A'},
                                       std::byte{'P'},  std::byte{'P'}, std::byte{'Y'}, std::byte{0}};
constexpr size_t xerial_header_bytes = 16;
constexpr size_t xerial_block_bytes = 32 * 1024;

const char* chars(const std::byte* bytes) { return reinterpret_cast<const char*>(bytes); }

Status unpack_snappy_block(ByteView block, BoundedOutput& out) {
  size_t size = 0;
  if (!snappy::GetUncompressedLength(chars(block.data()), block.size(), &size))
    return fail(ErrorCode::corrupt, "snappy: a block has no length");
  if (size == 0) return {};
  // Snappy cannot do better than 64 bytes from 3; a larger claim is a lie, and need not be given memory.
  if (size / 32 > block.size()) return fail(ErrorCode::corrupt, "snappy: a block claims more than it can hold");
  const MutableBytes room = HOLDFAST_TRY(out.room(size));
  if (!snappy::RawUncompress(chars(block.data()), block.size(), reinterpret_cast<char*>(room.data())))
    return fail(ErrorCode::corrupt, "snappy: a block is damaged");
  out.wrote(size);
  return {};
}

}  // namespace

Status gzip_compress(ByteView input, ByteBuffer& out, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level == 0 ? Z_DEFAULT_COMPRESSION : level, Z_DEFLATED, gzip_window_bits, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    return fail(ErrorCode::invalid, "gzip: no such compression level");
  const size_t before = out.size();
  out.resize(before + deflateBound(&stream, input.size()) + 32);
  stream.next_in = zlib_bytes(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = zlib_bytes(out.data() + before);
  stream.avail_out = static_cast<uInt>(out.size() - before);
  const int ended = deflate(&stream, Z_FINISH);
  out.resize(before + stream.total_out);
  deflateEnd(&stream);
  if (ended != Z_STREAM_END) return fail(ErrorCode::invalid, "gzip: the compressor refused");
  return {};
}

Status gzip_decompress(ByteView input, BoundedOutput& out) {
  Inflater inflater;
  if (!inflater.open) return fail(ErrorCode::limit, "gzip: no memory");
  z_stream& stream = inflater.stream;
  stream.next_in = zlib_bytes(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  for (;;) {
    std::byte one_more;  // when the output is full: a place that shows whether the stream wants to go on
    MutableBytes room(&one_more, 1);
    const bool full = out.full();
    if (!full) room = HOLDFAST_TRY(out.room(0));
    stream.next_out = zlib_bytes(room.data());
    stream.avail_out = static_cast<uInt>(room.size());
    const int state = inflate(&stream, Z_NO_FLUSH);
    const size_t made = room.size() - stream.avail_out;
    if (full && made > 0) return fail(ErrorCode::limit, "gzip: more than the bound once decompressed");
    if (!full) out.wrote(made);
    if (state == Z_STREAM_END) {
      if (stream.avail_in == 0) return {};
      if (inflateReset(&stream) != Z_OK) return fail(ErrorCode::corrupt, "gzip: cannot go on behind a member");
    } else if (state != Z_OK || (made == 0 && stream.avail_in == 0)) {
      return fail(ErrorCode::corrupt, "gzip: damaged or cut short");
    }
  }
}

Status snappy_compress(ByteView input, ByteBuffer& out) {
  const size_t blocks = (input.size() + xerial_block_bytes - 1) / xerial_block_bytes;
  size_t used = out.size();
  out.resize(used + xerial_header_bytes + blocks * (4 + snappy::MaxCompressedLength(xerial_block_bytes)));
  std::memcpy(out.data() + used, xerial_magic, sizeof xerial_magic);
  store_be<int32_t>(out.data() + used + 8, 1);   // version
  store_be<int32_t>(out.data() + used + 12, 1);  // oldest version that can read it
  used += xerial_header_bytes;
  for (size_t at = 0; at < input.size(); at += xerial_block_bytes) {
    const size_t size = std::min(xerial_block_bytes, input.size() - at);
    size_t packed = 0;
    snappy::RawCompress(chars(input.data() + at), size, reinterpret_cast<char*>(out.data() + used + 4), &packed);
    store_be<int32_t>(out.data() + used, static_cast<int32_t>(packed));
    used += 4 + packed;
  }
  out.resize(used);
  return {};
}

Status snappy_decompress(ByteView input, BoundedOutput& out) {
  const bool framed = input.size() >= xerial_header_bytes &&
                      std::memcmp(input.data(), xerial_magic, sizeof xerial_magic) == 0;
  if (!framed) return unpack_snappy_block(input, out);
  for (size_t at = xerial_header_bytes; at < input.size();) {
    if (input.size() - at < 4) return fail(ErrorCode::corrupt, "snappy: cut short in a block length");
    const auto length = load_be<int32_t>(input.data() + at);
    at += 4;
    if (length < 0 || static_cast<size_t>(length) > input.size() - at)
      return fail(ErrorCode::corrupt, "snappy: a block is cut short");
    HOLDFAST_CHECKED(unpack_snappy_block(input.subspan(at, static_cast<size_t>(length)), out));
    at += static_cast<size_t>(length);
  }
  return {};
}

}  // namespace holdfast::record::codecs
