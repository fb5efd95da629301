#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "sink/cassandra/cql/protocol.h"

namespace holdfast::cql {

/// A body of protocol version 4, as it is sent with the flag `compressed`: lz4 with its size before
/// it (big-endian), or snappy.
void compress_body(Compression compression, ByteView body, ByteBuffer& to);
/// `corrupt` when it is not what it says, or would take more than `size_max` bytes.
Status decompress_body(Compression compression, ByteView body, size_t size_max, ByteBuffer& to);

/// A block of lz4 without its size (version 5 has that in the segment's header).
void compress_block(ByteView from, ByteBuffer& to);
/// Fills `to` exactly; false when the block does not.
bool decompress_block(ByteView from, MutableBytes to);

}  // namespace holdfast::cql
