#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace holdfast::cql {

/// The token that Cassandra's Murmur3Partitioner gives to a partition key: the first half of
/// MurmurHash3 x64 128 with seed 0, where the tail's bytes are signed (a slip of its first
/// implementation that became the rule), and INT64_MIN is never used.
int64_t token_of(ByteView routing_key);

/// The routing key of a key of several columns: each as its size, its bytes, and a zero. A key of
/// one column is its bytes alone.
void append_key_part(ByteBuffer& to, ByteView part);

}  // namespace holdfast::cql
