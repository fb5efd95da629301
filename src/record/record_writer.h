#pragma once

#include <cstring>
#include <optional>

#include "base/bytes.h"
#include "record/varint.h"

namespace holdfast::record {

/// Writes bytes as they are; answers the place behind them. The caller has left room, here as
/// below.
inline std::byte* write_raw(std::byte* to, ByteView bytes) {
  if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}
inline size_t bytes_size(const std::optional<ByteView>& bytes) {
  return bytes ? varint_size(static_cast<int64_t>(bytes->size())) + bytes->size() : 1;
}
inline std::byte* write_bytes(std::byte* to, const std::optional<ByteView>& bytes) {
  if (!bytes) return write_varint(to, -1);
  return write_raw(write_varint(to, static_cast<int64_t>(bytes->size())), *bytes);
}

/// A record between its length and its headers.
struct RecordFields {
  int64_t timestamp_delta = 0;
  int32_t offset_delta = 0;
  std::optional<ByteView> key;
  std::optional<ByteView> value;
  int64_t header_count = 0;

  size_t size() const {
    return 1 + varint_size(timestamp_delta) + varint_size(offset_delta) + bytes_size(key) +
           bytes_size(value) + varint_size(header_count);
  }
  std::byte* write(std::byte* to) const {
    *to++ = std::byte{0};  // attributes: none are defined
    to = write_varint(to, timestamp_delta);
    to = write_varint(to, offset_delta);
    to = write_bytes(to, key);
    to = write_bytes(to, value);
    return write_varint(to, header_count);
  }
};

}  // namespace holdfast::record
