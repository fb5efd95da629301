#pragma once

#include <concepts>
#include <cstring>
#include <string_view>
#include <utility>

#include "wire/gather.h"
#include "wire/kinds.h"

namespace holdfast::wire {

/// The number of bytes of an unsigned varint.
inline size_t varint_size(uint32_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

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
