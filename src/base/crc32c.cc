#include "base/crc32c.h"

#include <nmmintrin.h>

#include <array>
#include <bit>

namespace holdfast {
namespace {

constexpr uint32_t polynomial = 0x82f63b78;  // bit-reversed 0x1edc6f41

/// a * b modulo the CRC polynomial, in the reflected representation where bit 31 is x^0.
constexpr uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t bit = 0x80000000u; bit != 0; bit >>= 1) {
    if (a & bit) product ^= b;
    b = (b & 1) ? (b >> 1) ^ polynomial : b >> 1;
  }
  return product;
}

/// powers[k] = x^(8 * 2^k): the factor that moves a CRC over 2^k zero bytes.
constexpr std::array<uint32_t, 64> powers_of_bytes() {
  std::array<uint32_t, 64> powers{};
  uint32_t power = 0x00800000u;  // x^8
  for (auto& slot : powers) {
    slot = power;
    power = multiply(power, power);
  }
  return powers;
}
constexpr auto powers = powers_of_bytes();

constexpr uint32_t zero_bytes_factor(uint64_t count) {
  uint32_t factor = 0x80000000u;  // x^0
  for (int k = 0; count != 0; ++k, count >>= 1) {
    if (count & 1) factor = multiply(factor, powers[static_cast<size_t>(k)]);
  }
  return factor;
}

/// Multiplication by one fixed factor, as four table look-ups.
struct ShiftTable {
  uint32_t rows[4][256];
  constexpr explicit ShiftTable(uint64_t zero_bytes) : rows{} {
    const uint32_t factor = zero_bytes_factor(zero_bytes);
    for (uint32_t row = 0; row < 4; ++row) {
      for (uint32_t byte = 0; byte < 256; ++byte) rows[row][byte] = multiply(factor, byte << (8 * row));
    }
  }
  uint32_t shift(uint32_t crc) const {
    return rows[0][crc & 0xff] ^ rows[1][(crc >> 8) & 0xff] ^ rows[2][(crc >> 16) & 0xff] ^ rows[3][crc >> 24];
  }
};

uint64_t word(const std::byte* at) {
  uint64_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// The instruction takes three cycles and can start every cycle: three independent streams hide its latency.
constexpr size_t lane_bytes = 1024;
const ShiftTable one_lane(lane_bytes);
const ShiftTable two_lanes(2 * lane_bytes);

}  // namespace

uint32_t crc32c(ByteView bytes, uint32_t before) {
  uint64_t crc = ~before;
  const std::byte* at = bytes.data();
  size_t left = bytes.size();
  while (left >= 3 * lane_bytes) {
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t i = 0; i < lane_bytes; i += 8) {
      crc = _mm_crc32_u64(crc, word(at + i));
      second = _mm_crc32_u64(second, word(at + lane_bytes + i));
      third = _mm_crc32_u64(third, word(at + 2 * lane_bytes + i));
    }
    crc = two_lanes.shift(static_cast<uint32_t>(crc)) ^ one_lane.shift(static_cast<uint32_t>(second)) ^ third;
    at += 3 * lane_bytes;
    left -= 3 * lane_bytes;
  }
  for (; left >= 8; at += 8, left -= 8) crc = _mm_crc32_u64(crc, word(at));
  auto last = static_cast<uint32_t>(crc);
  for (; left > 0; ++at, --left) last = _mm_crc32_u8(last, static_cast<uint8_t>(*at));
  return ~last;
}

uint32_t crc32c_combine(uint32_t first, uint32_t second, uint64_t second_length) {
  return multiply(zero_bytes_factor(second_length), first) ^ second;
}

}  // namespace holdfast
