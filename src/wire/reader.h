#pragma once

#include <concepts>
#include <optional>
#include <string_view>
#include <utility>

#include "wire/kinds.h"
#include "wire/message.h"

namespace holdfast::wire {

/// Decodes. Once something was wrong it stays wrong: every later read yields nothing.
class Reader {
 public:
  Reader(ByteView bytes, int16_t version, bool flexible)
      : at_(bytes.data()),
        end_(at_ + bytes.size()),
        version_(version),
        fields_(version),
        flexible_(flexible) {}

  template <class T>
  void field(T& value, Versions in = {}) {
    if (in.contain(fields_)) read(value, version_ >= in.nullable_from);
  }

  template <class T>
  void tagged(uint32_t tag, T& value, Versions in, const T& = T{}) {
    if (fields_ != no_version || tag != tag_ || !in.contain(version_)) return;
    fields_ = version_;
    read(value, version_ >= in.nullable_from);
    fields_ = no_version;
    tag_ = tag;  // the value may have had tags of its own
    tag_known_ = true;
  }

  /// One struct, its tag buffer included.
  template <Struct M>
  void structure(M& m) {
    M::describe(*this, m);
    if (!flexible_) return;
    for (uint32_t left = read_varint(); left > 0 && ok(); --left) {
      uint32_t tag = read_varint();
      const std::byte* after = tag_end();
      if (!ok()) return;
      const std::byte* end = std::exchange(end_, after);
      tag_ = tag;
      tag_known_ = false;
      fields_ = no_version;
      M::describe(*this, m);
      fields_ = version_;
      leave_tag(end);
    }
  }

  bool ok() const { return problem_ == nullptr; }
  /// What was wrong first; null while all is well.
  const char* problem() const { return problem_; }
  size_t left() const { return static_cast<size_t>(end_ - at_); }

  template <std::integral T>
  T read_number() {
    if (left() < sizeof(T)) [[unlikely]] {
      fail("ends inside a number");
      return T{};
    }
    T value = load_be<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  uint32_t read_varint();
  std::optional<std::string_view> read_text(bool nullable, bool compact);
  void skip_tags();

 private:
  template <Number T>
  void read(T& value, bool) {
    if constexpr (std::same_as<T, bool>) {
      value = read_number<int8_t>() != 0;
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(read_number<std::underlying_type_t<T>>());
    } else {
      value = read_number<T>();
    }
  }
  void read(Uuid& value, bool);
  void read(RecordParts& value, bool);
  template <Text T>
  void read(T& value, bool) {
    value = read_text(false, flexible_).value_or("");
  }
  template <Blob T>
  void read(T& value, bool) {
    ByteView bytes = read_bytes(false).value_or(ByteView{});
    value = T(bytes.begin(), bytes.end());
  }
  template <Struct T>
  void read(T& value, bool) {
    structure(value);
  }
  template <Array T>
  void read(T& value, bool) {
    read_array(value, false);
  }
  template <Optional T>
  void read(T& value, bool nullable) {
    using Inner = typename T::value_type;
    if constexpr (Text<Inner>) {
      auto text = read_text(nullable, flexible_);
      if (text)
        value.emplace(*text);
      else
        value.reset();
    } else if constexpr (std::same_as<Inner, ByteView>) {
      value = read_bytes(nullable);
    } else if constexpr (Array<Inner>) {
      if (!read_array(value.emplace(), nullable)) value.reset();
    } else {
      static_assert(Struct<Inner>);
      value.reset();
      if (read_presence(nullable)) structure(value.emplace(Inner{}));
    }
  }

  /// False: it is null.
  template <Array T>
  bool read_array(T& value, bool nullable) {
    using Element = typename T::value_type;
    value.clear();
    int64_t count = array_length(nullable, Number<Element> ? sizeof(Element) : 1, sizeof(Element));
    if (count < 0) return false;
    value.resize(static_cast<size_t>(count));
    for (auto& element : value) {
      read(element, false);
      if (!ok()) [[unlikely]]
        return true;
    }
    return true;
  }

  /// -1: it is null. Never more than the bytes left and the memory limit can hold.
  int64_t array_length(bool nullable, size_t least_bytes, size_t memory_each);
  /// The length of bytes or text: checked against the bytes left, -1 for null.
  int64_t checked_length(int64_t length, bool nullable);
  std::optional<ByteView> read_bytes(bool nullable);
  bool read_presence(bool nullable);
  const std::byte* tag_end();
  /// Steps over what an unknown tag holds, and takes the old end back.
  void leave_tag(const std::byte* end);
  void fail(const char* problem);

  const std::byte* at_;
  const std::byte* end_;
  int version_;
  int fields_;  // the version for plain fields: `no_version` while tags are read
  bool flexible_;
  bool tag_known_ = false;
  uint32_t tag_ = 0;
  size_t memory_left_ = decode_memory_limit;
  const char* problem_ = nullptr;
};

/// Why a body could not be decoded, in words; null when it could.
std::optional<Error> decode_problem(const ApiSpec& api, int16_t version, const Reader& reader,
                                    size_t size);
Error version_problem(const ApiSpec& api, int16_t version);

}  // namespace holdfast::wire
