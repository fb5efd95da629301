#include "sink/cassandra/cql/varint.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace holdfast::cql {
namespace {

constexpr uint32_t billion = 1'000'000'000;
constexpr size_t varint_bytes_max = varint_digits_max * 3'322 / 8'000 + 2;

/// A number without a sign: 32 bits a place, the least first, no zero on top.
using Magnitude = std::vector<uint32_t>;

void multiply_add(Magnitude& number, uint32_t factor, uint32_t plus) {
  uint64_t carry = plus;
  for (uint32_t& place : number) {
    carry += static_cast<uint64_t>(place) * factor;
    place = static_cast<uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0) number.push_back(static_cast<uint32_t>(carry));
}

/// Divides in place and answers the remainder.
uint32_t divide(Magnitude& number, uint32_t by) {
  uint64_t rest = 0;
  for (size_t i = number.size(); i-- > 0;) {
    rest = rest << 32 | number[i];
    number[i] = static_cast<uint32_t>(rest / by);
    rest %= by;
  }
  while (!number.empty() && number.back() == 0) number.pop_back();
  return static_cast<uint32_t>(rest);
}

/// Two's complement turned round, in place; the least byte last.
void negate(std::vector<uint8_t>& bytes) {
  unsigned carry = 1;
  for (size_t i = bytes.size(); i-- > 0;) {
    carry += static_cast<uint8_t>(~bytes[i]);
    bytes[i] = static_cast<uint8_t>(carry);
    carry >>= 8;
  }
}

/// Without the bytes on top that only repeat the sign.
void append_shortest(ByteBuffer& to, const std::vector<uint8_t>& bytes) {
  size_t begin = 0;
  while (begin + 1 < bytes.size() && (bytes[begin] == 0x00 || bytes[begin] == 0xFF) &&
         (bytes[begin] >> 7) == (bytes[begin + 1] >> 7))
    ++begin;
  for (size_t i = begin; i < bytes.size(); ++i) to.push_back(static_cast<std::byte>(bytes[i]));
}

}  // namespace

void append_varint(ByteBuffer& to, int64_t number) {
  std::vector<uint8_t> bytes(8);
  for (size_t i = 0; i < 8; ++i) bytes[i] = static_cast<uint8_t>(number >> (56 - 8 * i));
  append_shortest(to, bytes);
}

bool append_varint(ByteBuffer& to, std::string_view digits) {
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (digits.empty() || digits.size() > varint_digits_max || !std::ranges::all_of(digits, is_digit))
    return false;
  Magnitude number;
  for (const char c : digits) multiply_add(number, 10, static_cast<uint32_t>(c - '0'));
  std::vector<uint8_t> bytes{0};  // room for the sign
  for (size_t i = number.size(); i-- > 0;)
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<uint8_t>(number[i] >> shift));
  if (negative) negate(bytes);
  append_shortest(to, bytes);
  return true;
}

std::optional<std::string> digits_of(ByteView varint) {
  if (varint.empty() || varint.size() > varint_bytes_max) return std::nullopt;
  std::vector<uint8_t> bytes;
  for (const std::byte byte : varint) bytes.push_back(static_cast<uint8_t>(byte));
  const bool negative = bytes.front() >= 0x80;
  if (negative) {
    bytes.insert(bytes.begin(), 0xFF);
    negate(bytes);
  }
  Magnitude number;
  for (const uint8_t byte : bytes) multiply_add(number, 256, byte);
  std::string reversed;
  while (!number.empty()) {
    uint32_t part = divide(number, billion);
    for (int i = 0; i < 9 && (part != 0 || !number.empty()); ++i, part /= 10)
      reversed += static_cast<char>('0' + part % 10);
  }
  if (reversed.empty()) reversed = "0";
  if (negative) reversed += '-';
  std::ranges::reverse(reversed);
  return reversed;
}

void append_unsigned_vint(ByteBuffer& to, uint64_t number) {
  const int bits = std::max(1, 64 - std::countl_zero(number));
  const int extra = bits > 56 ? 8 : (bits - 1) / 7;  // bytes behind the first
  const auto ones = static_cast<uint8_t>(~(0xFFu >> extra));
  const uint64_t top = extra == 8 ? 0 : number >> (8 * extra);
  to.push_back(static_cast<std::byte>(ones | top));
  for (int i = extra; i-- > 0;) to.push_back(static_cast<std::byte>(number >> (8 * i)));
}

uint64_t read_unsigned_vint(Reader& from) {
  const uint8_t first = from.u8();
  const int extra = std::countl_one(first);
  uint64_t number = extra == 8 ? 0 : first & (0xFFu >> (extra + 1));
  for (const std::byte byte : from.take(static_cast<size_t>(extra)))
    number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

void append_signed_vint(ByteBuffer& to, int64_t number) {
  append_unsigned_vint(to,
                       static_cast<uint64_t>(number) << 1 ^ static_cast<uint64_t>(number >> 63));
}

int64_t read_signed_vint(Reader& from) {
  const uint64_t zigzag = read_unsigned_vint(from);
  return static_cast<int64_t>(zigzag >> 1 ^ (~(zigzag & 1) + 1));
}

}  // namespace holdfast::cql
