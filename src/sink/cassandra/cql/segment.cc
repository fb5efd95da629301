#include "sink/cassandra/cql/segment.h"

#include <zlib.h>

#include "base/check.h"
#include "sink/cassandra/cql/compress.h"
#include "sink/cassandra/cql/frame.h"

namespace holdfast::cql {
namespace {

constexpr size_t crc24_bytes = 3, crc32_bytes = 4;
constexpr uint64_t length_mask = segment_payload_max;

constexpr size_t length_bytes(Compression compression) {
  return compression == Compression::none ? 3 : 5;
}

void append_le(ByteBuffer& to, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to.push_back(static_cast<std::byte>(value >> (8 * i)));
}

uint64_t load_le_bytes(const std::byte* from, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= static_cast<uint64_t>(from[i]) << (8 * i);
  return value;
}

}  // namespace

uint32_t crc24(uint64_t bytes, size_t count) {
  constexpr uint32_t polynomial = 0x1974F0B;
  uint32_t crc = 0x875060;
  for (size_t i = 0; i < count; ++i) {
    crc ^= static_cast<uint32_t>(bytes >> (8 * i) & 0xFF) << 16;
    for (int bit = 0; bit < 8; ++bit) {
      crc <<= 1;
      if ((crc & 0x1000000) != 0) crc ^= polynomial;
    }
  }
  return crc;
}

uint32_t crc32_of(ByteView payload) {
  static constexpr unsigned char before[] = {0xFA, 0x2D, 0x55, 0xCA};
  const uLong begun = ::crc32(0, before, sizeof before);
  return static_cast<uint32_t>(::crc32(begun, reinterpret_cast<const Bytef*>(payload.data()),
                                       static_cast<uInt>(payload.size())));
}

void append_segment(ByteBuffer& to, ByteView payload, bool self_contained,
                    Compression compression) {
  HOLDFAST_CHECK(payload.size() <= segment_payload_max);
  uint64_t header = 0;
  ByteBuffer packed;
  if (compression == Compression::none) {
    header = payload.size() | static_cast<uint64_t>(self_contained) << 17;
  } else {
    compress_block(payload, packed);
    const bool smaller = packed.size() < payload.size();
    const uint64_t sizes =
        smaller ? packed.size() | static_cast<uint64_t>(payload.size()) << 17 : payload.size();
    header = sizes | static_cast<uint64_t>(self_contained) << 34;
    if (smaller) payload = packed;
  }
  const size_t bytes = length_bytes(compression);
  append_le(to, header, bytes);
  append_le(to, crc24(header, bytes), crc24_bytes);
  append(to, payload);
  append_le(to, crc32_of(payload), crc32_bytes);
}

void append_segments(ByteBuffer& to, ByteView bytes, Compression compression) {
  size_t gathered = 0;  // whole envelopes at the beginning of `bytes`
  while (!bytes.empty()) {
    size_t next = 0;
    if (gathered + FrameHeader::size <= bytes.size())
      next = FrameHeader::size + load_be<uint32_t>(bytes.data() + gathered + 5);
    if (next != 0 && gathered + next <= segment_payload_max) {
      gathered += next;
      continue;
    }
    if (gathered > 0) {
      append_segment(to, bytes.first(gathered), true, compression);
      bytes = bytes.subspan(gathered);
      gathered = 0;
      continue;
    }
    HOLDFAST_CHECK(next != 0 && next <= bytes.size());
    for (size_t left = next; left > 0;) {
      const size_t part = std::min(left, segment_payload_max);
      append_segment(to, bytes.first(part), false, compression);
      bytes = bytes.subspan(part);
      left -= part;
    }
  }
}

Result<std::optional<Segment>> read_segment(ByteView bytes, Compression compression,
                                            ByteBuffer& scratch) {
  const size_t lengths = length_bytes(compression);
  if (bytes.size() < lengths + crc24_bytes) return std::nullopt;
  const uint64_t header = load_le_bytes(bytes.data(), lengths);
  if (load_le_bytes(bytes.data() + lengths, crc24_bytes) != crc24(header, lengths))
    return fail(ErrorCode::corrupt, "the checksum of a segment's header is wrong");
  const size_t length = header & length_mask;
  const size_t begin = lengths + crc24_bytes;
  if (bytes.size() < begin + length + crc32_bytes) return std::nullopt;
  Segment segment;
  segment.size = begin + length + crc32_bytes;
  segment.payload = bytes.subspan(begin, length);
  if (load_le_bytes(bytes.data() + begin + length, crc32_bytes) != crc32_of(segment.payload))
    return fail(ErrorCode::corrupt, "the checksum of a segment's payload is wrong");
  if (compression == Compression::none) {
    segment.self_contained = (header >> 17 & 1) != 0;
    return segment;
  }
  segment.self_contained = (header >> 34 & 1) != 0;
  const size_t unpacked = header >> 17 & length_mask;
  if (unpacked == 0) return segment;
  scratch.resize(unpacked);
  if (!decompress_block(segment.payload, scratch))
    return fail(ErrorCode::corrupt, "a segment cannot be decompressed");
  segment.payload = scratch;
  return segment;
}

}  // namespace holdfast::cql
