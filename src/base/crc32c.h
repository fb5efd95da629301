#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace holdfast {

/// CRC-32C (Castagnoli, RFC 3720 B.4) of `bytes`, going on from `before` (the CRC of what came earlier; 0 at the start).
/// Uses SSE 4.2, three streams at a time for long input.
uint32_t crc32c(ByteView bytes, uint32_t before = 0);

/// The CRC of A followed by B, from crc(A), crc(B) and B's length: bytes need not be read twice. O(log length).
uint32_t crc32c_combine(uint32_t first, uint32_t second, uint64_t second_length);

}  // namespace holdfast
