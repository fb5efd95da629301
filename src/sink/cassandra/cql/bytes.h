#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace holdfast::cql {

/// Appends the protocol's basic notations ([short], [string], [bytes], ...) to a buffer.
class Writer {
 public:
  explicit Writer(ByteBuffer& to) : to_(to) {}

  void u8(uint8_t value) { to_.push_back(static_cast<std::byte>(value)); }
  void u16(uint16_t value) { number(value); }
  void i32(int32_t value) { number(value); }
  void u32(uint32_t value) { number(value); }
  void i64(int64_t value) { number(value); }
  void raw(ByteView bytes) { append(to_, bytes); }
  /// [string]; at most 65535 bytes.
  void text(std::string_view value) {
    u16(static_cast<uint16_t>(value.size()));
    raw(as_bytes(value));
  }
  /// [long string]
  void long_text(std::string_view value) { bytes(as_bytes(value)); }
  /// [bytes], or a [value] that is there
  void bytes(ByteView value) {
    i32(static_cast<int32_t>(value.size()));
    raw(value);
  }
  /// [short bytes]
  void short_bytes(ByteView value) {
    u16(static_cast<uint16_t>(value.size()));
    raw(value);
  }
  /// A [value] that is null.
  void null() { i32(-1); }
  /// A [value] that leaves the column as it is.
  void unset() { i32(-2); }

  size_t size() const { return to_.size(); }
  ByteBuffer& buffer() { return to_; }

 private:
  template <class T>
  void number(T value) {
    const size_t at = to_.size();
    to_.resize(at + sizeof value);
    store_be(to_.data() + at, value);
  }
  ByteBuffer& to_;
};

/// Reads them. What is missing reads as zero or empty, and `good` is false from then on for ever;
/// so a caller may look once, at the end, but must bound every count that it reads by what is left.
class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}

  bool good() const { return good_; }
  size_t left() const { return left_.size(); }
  ByteView rest() const { return left_; }
  void spoil() { good_ = false, left_ = {}; }

  uint8_t u8() { return number<uint8_t>(); }
  uint16_t u16() { return number<uint16_t>(); }
  int32_t i32() { return number<int32_t>(); }
  int64_t i64() { return number<int64_t>(); }
  ByteView take(size_t size) {
    if (size > left_.size()) {
      spoil();
      return {};
    }
    const ByteView taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  std::string_view text() { return as_text(take(u16())); }
  ByteView short_bytes() { return take(u16()); }
  /// [bytes]; false for null. Anything below -1 is wrong.
  bool bytes(ByteView& to) {
    const int32_t size = i32();
    to = {};
    if (size < -1) spoil();
    if (size < 0) return false;
    to = take(static_cast<size_t>(size));
    return good_;
  }
  /// A count of things that take at least `least_bytes` each.
  size_t count(int64_t number, size_t least_bytes) {
    if (number < 0 || static_cast<uint64_t>(number) * least_bytes > left_.size()) {
      spoil();
      return 0;
    }
    return static_cast<size_t>(number);
  }
  std::vector<std::string> text_list() {
    std::vector<std::string> all;
    const size_t many = count(u16(), 2);
    for (size_t i = 0; i < many && good_; ++i) all.emplace_back(text());
    return all;
  }

 private:
  template <class T>
  T number() {
    const ByteView taken = take(sizeof(T));
    return taken.empty() ? T{} : load_be<T>(taken.data());
  }
  ByteView left_;
  bool good_ = true;
};

}  // namespace holdfast::cql
