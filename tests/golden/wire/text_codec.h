#pragma once

#include <map>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

#include "tests/golden/wire/source_names.h"
#include "tests/golden/wire/subject.h"
#include "wire/codec.h"

namespace holdfast::golden {

/// The fourth codec: a message as text, in the form of the corpus, each field under the name of its
/// member.
class TextCodec {
 public:
  explicit TextCodec(int16_t version) : version_(version) {}

  template <class T>
  void field(const T& value, wire::Versions in = {},
             std::source_location place = std::source_location::current()) {
    if (in.contain(version_)) add(member_at(place), value, in);
  }
  template <class T>
  void tagged(uint32_t, const T& value, wire::Versions in, const T& = T{},
              std::source_location place = std::source_location::current()) {
    if (in.contain(version_)) add(member_at(place), value, in);
  }

  template <class M>
  std::string structure(const M& m) {
    auto outer = std::exchange(fields_, {});
    M::describe(*this, m);
    std::string all = "{";
    for (const auto& [name, value] : fields_) {
      if (all.size() > 1) all += ",";
      all += name + "=" + value;
    }
    fields_ = std::move(outer);
    return all + "}";
  }

 private:
  template <class T>
  void add(std::string name, const T& value, wire::Versions in) {
    constexpr bool is_records = std::same_as<T, wire::RecordParts>;
    if (is_records || (wire::Optional<T> && version_ >= in.nullable_from)) name += "?";
    fields_.emplace(std::move(name), text(value));
  }

  template <class T>
  std::string text(const T& value) {
    if constexpr (std::same_as<T, bool>) {
      return value ? "true" : "false";
    } else if constexpr (wire::Number<T>) {
      return std::to_string(static_cast<int64_t>(value));
    } else if constexpr (wire::Text<T>) {
      return '"' + std::string(value) + '"';
    } else if constexpr (wire::Blob<T>) {
      return "0x" + hex(value);
    } else if constexpr (std::same_as<T, wire::Uuid>) {
      return hex(value.bytes);
    } else if constexpr (std::same_as<T, wire::RecordParts>) {
      std::string all;
      for (ByteView part : value.parts) all += hex(part);
      return value.is_null ? "null" : "0x" + all;
    } else if constexpr (wire::Optional<T>) {
      return value ? text(*value) : "null";
    } else if constexpr (wire::Array<T>) {
      std::string all = "[";
      for (const auto& element : value) all += (all.size() > 1 ? "," : "") + text(element);
      return all + "]";
    } else {
      return structure(value);
    }
  }

  int version_;
  std::map<std::string, std::string> fields_;
};

}  // namespace holdfast::golden
