#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast {

/// Bytes owned by somebody else.
using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
/// Bytes of one's own.
using ByteBuffer = std::vector<std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline void append(ByteBuffer& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

/// Big-endian, as Kafka's protocol has it.
template <std::integral T>
T load_be(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little) value = std::byteswap(value);
  return value;
}
template <std::integral T>
void store_be(std::byte* to, T value) {
  if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::little) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

/// Little-endian, as our own file formats have it.
template <std::integral T>
T load_le(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::big) value = std::byteswap(value);
  return value;
}
template <std::integral T>
void store_le(std::byte* to, T value) {
  if constexpr (sizeof(T) > 1 && std::endian::native == std::endian::big) value = std::byteswap(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace holdfast
