#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace holdfast::broker::coordinator {

/// Writes the fields of our own durable formats: little-endian numbers, texts and bytes behind a
/// 32-bit length.
class StateWriter {
 public:
  explicit StateWriter(ByteBuffer& out) : out_(out) {}

  template <std::integral T>
  void number(T value) {
    std::byte raw[sizeof(T)];
    store_le(raw, value);
    append(out_, raw);
  }
  void text(std::string_view value) {
    number(static_cast<uint32_t>(value.size()));
    append(out_, as_bytes(value));
  }

 private:
  ByteBuffer& out_;
};

/// Reads them back. Once something is missing it stays failed, and yields zeros and empty texts;
/// look at `failed()` at the end.
class StateReader {
 public:
  explicit StateReader(ByteView bytes) : rest_(bytes) {}

  template <std::integral T>
  T number() {
    const ByteView raw = take(sizeof(T));
    return raw.empty() ? T{} : load_le<T>(raw.data());
  }
  std::string_view text() { return as_text(take(number<uint32_t>())); }
  /// A count of things that take at least `bytes_each`; fails when so many cannot be there.
  uint32_t count(size_t bytes_each) {
    const auto value = number<uint32_t>();
    if (value > rest_.size() / bytes_each) failed_ = true;
    return failed_ ? 0 : value;
  }

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty() && !failed_; }
  size_t left() const { return rest_.size(); }

 private:
  ByteView take(size_t bytes) {
    if (failed_ || rest_.size() < bytes) {
      failed_ = true;
      return {};
    }
    const ByteView taken = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return taken;
  }

  ByteView rest_;
  bool failed_ = false;
};

}  // namespace holdfast::broker::coordinator
