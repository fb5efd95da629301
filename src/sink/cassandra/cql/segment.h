#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "sink/cassandra/cql/protocol.h"

/// The outer framing of protocol version 5: segments with a CRC-24 over the header and a CRC-32
/// over the payload (native_protocol_v5.spec, section 2).
namespace holdfast::cql {

inline constexpr size_t segment_payload_max = (1u << 17) - 1;

/// Over the first `count` (at most 8) bytes of `bytes`, least significant first.
uint32_t crc24(uint64_t bytes, size_t count);
uint32_t crc32_of(ByteView payload);

/// Appends `payload` (at most `segment_payload_max` bytes) as one segment. With lz4 it is
/// compressed when that makes it smaller.
void append_segment(ByteBuffer& to, ByteView payload, bool self_contained, Compression compression);
/// Appends whole envelopes as segments: as one self-contained one if they fit, else cut.
/// `envelopes` are those that lie one behind the other in `bytes`; one that is larger than a
/// segment is cut into segments of its own.
void append_segments(ByteBuffer& to, ByteView bytes, Compression compression);

struct Segment {
  bool self_contained = false;
  ByteView payload;  // in the input, or in the scratch buffer when it was compressed
  size_t size = 0;   // of the whole segment in the input
};
/// The segment at the beginning of `bytes`. Nothing: more bytes are needed. `corrupt`: a checksum
/// or a length is wrong, and the stream cannot be read any further.
Result<std::optional<Segment>> read_segment(ByteView bytes, Compression compression,
                                            ByteBuffer& scratch);

}  // namespace holdfast::cql
