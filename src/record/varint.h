#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace holdfast::record {

/// Zig-zag variable-length integers as record batches have them (KIP-98). All functions work on raw pointers, because they
/// are the inner loop of building and walking batches; bounds are the arguments.

inline constexpr size_t varint_bytes_max = 5;
inline constexpr size_t varlong_bytes_max = 10;

constexpr uint64_t zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t unzigzag(uint64_t raw) { return static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1); }

/// Bytes that `write_varint` will take.
constexpr size_t varint_size(int64_t value) {
  const int bits = std::bit_width(zigzag(value) | 1);
  return static_cast<size_t>((bits * 9 + 64) / 64);  // ceil(bits / 7) for 1..64, without a division
}

/// Writes `value` and answers the place behind it. The caller has left room.
inline std::byte* write_varint(std::byte* to, int64_t value) {
  uint64_t raw = zigzag(value);
  while (raw >= 0x80) {
    *to++ = static_cast<std::byte>(raw | 0x80);
    raw >>= 7;
  }
  *to++ = static_cast<std::byte>(raw);
  return to;
}

/// Reads a 64-bit value; answers the place behind it, or null when it does not end before `end` or is longer than 10 bytes.
inline const std::byte* read_varlong(const std::byte* from, const std::byte* end, int64_t& value) {
  if (from < end && static_cast<uint8_t>(*from) < 0x80) [[likely]] {
    value = unzigzag(static_cast<uint8_t>(*from));
    return from + 1;
  }
  uint64_t raw = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (from >= end) return nullptr;
    const auto byte = static_cast<uint64_t>(*from++);
    raw |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = unzigzag(raw);
      return from;
    }
  }
  return nullptr;
}

/// The same for a 32-bit value; a value that does not fit is refused.
inline const std::byte* read_varint(const std::byte* from, const std::byte* end, int32_t& value) {
  int64_t wide = 0;
  const std::byte* behind = read_varlong(from, end, wide);
  if (behind == nullptr || wide != static_cast<int32_t>(wide)) return nullptr;
  value = static_cast<int32_t>(wide);
  return behind;
}

/// Unsigned underneath, because hostile numbers must wrap and not overflow.
inline int64_t wrapping_sum(int64_t base, int64_t delta) {
  return static_cast<int64_t>(static_cast<uint64_t>(base) + static_cast<uint64_t>(delta));
}

}  // namespace holdfast::record
