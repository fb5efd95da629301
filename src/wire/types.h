#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace holdfast::wire {

/// A topic id (or any other id that Kafka spells as a UUID): 16 bytes, all zero for "none".
struct Uuid {
  std::array<std::byte, 16> bytes{};

  bool is_zero() const { return *this == Uuid{}; }
  auto operator<=>(const Uuid&) const = default;
};

/// A float64 by its bits: nothing here calculates with one. `std::bit_cast` gives the double.
enum class Float64Bits : int64_t {};

/// The record batches of one partition in a Fetch response: views, in order, of bytes that stay
/// where they are (mapped segments). Whoever builds the response keeps those bytes alive until the
/// Gather made from it has been sent.
struct RecordParts {
  std::vector<ByteView> parts;
  bool is_null = false;  // Kafka allows null instead of empty; we never send it

  size_t size() const {
    size_t sum = 0;
    for (ByteView part : parts) sum += part.size();
    return sum;
  }
};

/// In which versions of its API a field exists, and from which on it may be null.
struct Versions {
  int16_t first = 0;
  int16_t last = INT16_MAX;
  int16_t nullable_from = 0;  // matters only to fields of a nullable type

  constexpr Versions until(int16_t version) const { return {first, version, nullable_from}; }
  constexpr Versions nullable_since(int16_t version) const { return {first, last, version}; }
  constexpr bool contain(int version) const { return version >= first && version <= last; }
};

constexpr Versions since(int16_t version) {
  return {.first = version, .nullable_from = version};
}
constexpr Versions until(int16_t version) {
  return {.last = version};
}
/// For a field of every version that may be null only from this one on.
constexpr Versions nullable_since(int16_t version) {
  return {.nullable_from = version};
}

}  // namespace holdfast::wire
