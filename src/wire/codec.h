#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/check.h"
#include "wire/message.h"

/// The three codecs that run over a message's description: Reader, Sizer, Writer. Lengths, compact
/// forms, nulls and tag buffers are known here and nowhere else. Included only by the .cc files of
/// messages (and by tests).
///
/// How tags work: a description is run once for the plain fields; calls of `tagged` only count
/// then. The tag buffer, which closes the struct, is handled by running the description again with
/// the plain fields switched off.
namespace holdfast::wire {

template <class T>
concept Number = std::integral<T> || std::is_enum_v<T>;
template <class T>
concept Text = std::same_as<T, std::string> || std::same_as<T, std::string_view>;
template <class T>
concept Blob = std::same_as<T, ByteBuffer> || std::same_as<T, ByteView>;

template <class T>
inline constexpr bool is_array = false;
template <class T>
inline constexpr bool is_array<std::vector<T>> = !std::same_as<T, std::byte>;
template <class T>
concept Array = is_array<T>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
concept Optional = is_optional<T>;

template <class T>
concept Struct = std::is_class_v<T> && !Text<T> && !Blob<T> && !Array<T> && !Optional<T> &&
                 !std::same_as<T, Uuid> && !std::same_as<T, RecordParts>;

/// No version at all: switches plain fields off while the tags are handled.
inline constexpr int no_version = -1;

/// The longest string that Kafka takes.
inline constexpr size_t longest_text = INT16_MAX;

/// The number of bytes of an unsigned varint.
inline size_t varint_size(uint32_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

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

/// What Sizer and Writer share: the walk over a description. `Self` puts numbers, bytes and views.
template <class Self>
class Encoder {
 public:
  Encoder(int16_t version, bool flexible)
      : version_(version), fields_(version), flexible_(flexible) {}

  template <class T>
  void field(const T& value, Versions in = {}) {
    if (in.contain(fields_)) write(value, version_ >= in.nullable_from);
  }

  template <class T>
  void tagged(uint32_t tag, const T& value, Versions in, const T& absent = T{}) {
    if (!flexible_ || !in.contain(version_) || is_absent(value, absent)) return;
    if (fields_ != no_version) {
      ++tags_;
      return;
    }
    self().put_varint(tag);
    self().put_varint(static_cast<uint32_t>(self().size_of(value)));
    write(value, true);
  }

  template <Struct M>
  void structure(const M& m) {
    uint32_t outer_tags = std::exchange(tags_, 0);
    int outer_fields = std::exchange(fields_, version_);
    M::describe(*this, m);
    if (flexible_) {
      self().put_varint(tags_);
      if (tags_ > 0) {
        fields_ = no_version;
        M::describe(*this, m);
      }
    }
    tags_ = outer_tags;
    fields_ = outer_fields;
  }

 protected:
  template <Number T>
  void write(T value, bool) {
    if constexpr (std::same_as<T, bool>) {
      self().template put_number<int8_t>(value ? 1 : 0);
    } else if constexpr (std::is_enum_v<T>) {
      self().put_number(static_cast<std::underlying_type_t<T>>(value));
    } else {
      self().put_number(value);
    }
  }
  void write(const Uuid& value, bool) { self().put_bytes(value.bytes); }
  template <Text T>
  void write(const T& value, bool) {
    std::string_view text = std::string_view(value).substr(0, longest_text);
    if (flexible_) {
      self().put_varint(static_cast<uint32_t>(text.size()) + 1);
    } else {
      self().put_number(static_cast<int16_t>(text.size()));
    }
    self().put_bytes(as_bytes(text));
  }
  template <Blob T>
  void write(const T& value, bool) {
    put_length(value.size());
    self().put_bytes(value);
  }
  void write(const RecordParts& value, bool) {
    if (value.is_null) return put_null();
    put_length(value.size());
    for (ByteView part : value.parts) self().put_view(part);
  }
  template <Array T>
  void write(const T& value, bool) {
    put_length(value.size());
    for (const auto& element : value) write(element, false);
  }
  template <Struct T>
  void write(const T& value, bool) {
    structure(value);
  }
  template <Optional T>
  void write(const T& value, bool nullable) {
    using Inner = typename T::value_type;
    if constexpr (Struct<Inner>) {
      self().template put_number<int8_t>(value ? 1 : -1);
      if (value) structure(*value);
    } else {
      if (value) return write(*value, false);
      if (!nullable) return write(Inner{}, false);
      if (Text<Inner> && !flexible_) return self().template put_number<int16_t>(-1);
      put_null();
    }
  }

  void put_length(size_t length) {
    if (flexible_) {
      self().put_varint(static_cast<uint32_t>(length) + 1);
    } else {
      self().put_number(static_cast<int32_t>(length));
    }
  }
  void put_null() {
    if (flexible_) {
      self().put_varint(0);
    } else {
      self().template put_number<int32_t>(-1);
    }
  }

  int version_;
  int fields_;
  bool flexible_;
  uint32_t tags_ = 0;  // of the struct at hand: how many will be written

 private:
  template <class T>
  static bool is_absent(const T& value, const T& absent) {
    if constexpr (Array<T>) {
      return value.empty();
    } else {
      return value == absent;
    }
  }

  Self& self() { return static_cast<Self&>(*this); }
};

/// Counts what a Writer will write, and apart from it what it will only refer to.
class Sizer : public Encoder<Sizer> {
 public:
  using Encoder::Encoder;

  size_t owned() const { return owned_; }
  size_t views() const { return views_; }
  size_t total() const { return owned_ + viewed_; }

  /// The size of one value by itself, as it stands in a tag buffer.
  template <class T>
  size_t size_of(const T& value) const {
    Sizer alone(static_cast<int16_t>(version_), flexible_);
    alone.write(value, true);
    return alone.total();
  }

 private:
  friend class Encoder<Sizer>;
  template <std::integral T>
  void put_number(T) {
    owned_ += sizeof(T);
  }
  void put_varint(uint32_t value) { owned_ += varint_size(value); }
  void put_bytes(ByteView bytes) { owned_ += bytes.size(); }
  void put_view(ByteView bytes) {
    if (bytes.size() < Gather::copy_below) return put_bytes(bytes);
    viewed_ += bytes.size();
    ++views_;
  }

  size_t owned_ = 0;
  size_t viewed_ = 0;
  size_t views_ = 0;
};

/// Encodes into a Gather of exactly the size that a Sizer found.
class Writer : public Encoder<Writer> {
 public:
  Writer(int16_t version, bool flexible, size_t owned_bytes, size_t views);

  void put_bytes(ByteView bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  /// The same, with its first four bytes set to the size of all that follows them.
  void put_frame_prefix(ByteView prefix, size_t body_size);
  Gather finish() &&;

 private:
  friend class Encoder<Writer>;
  template <std::integral T>
  void put_number(T value) {
    store_be(at_, value);
    at_ += sizeof(T);
  }
  void put_varint(uint32_t value) {
    for (; value >= 0x80; value >>= 7) *at_++ = static_cast<std::byte>(value | 0x80);
    *at_++ = static_cast<std::byte>(value);
  }
  void put_view(ByteView bytes);
  template <class T>
  size_t size_of(const T& value) const {
    return Sizer(static_cast<int16_t>(version_), flexible_).size_of(value);
  }
  void close_run();

  Gather gather_;
  std::byte* at_;         // where the next byte of our own goes
  std::byte* run_;        // where the open run of such bytes began
  const std::byte* end_;  // of our own bytes
};

}  // namespace holdfast::wire
