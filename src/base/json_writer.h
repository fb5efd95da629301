#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast {

/// Writes JSON text, compact, with the members in the order of the calls: the same calls give the
/// same bytes, so that it can be hashed. Small on purpose: reading JSON is for the libraries.
///
/// Text that is not valid UTF-8 has its bad bytes replaced by U+FFFD. Threads: a value.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  /// The name of the member whose value comes next.
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(bool flag) { return raw(flag ? "true" : "false"); }
  JsonWriter& value(std::signed_integral auto number) { return raw(std::to_string(number)); }
  JsonWriter& value(std::unsigned_integral auto number) { return raw(std::to_string(number)); }
  /// Not a number (nan, infinite) becomes null.
  JsonWriter& value(double number);
  JsonWriter& null() { return raw("null"); }
  /// JSON text that was made elsewhere.
  JsonWriter& raw(std::string_view json);

  template <class T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string text_;
  bool first_ = true;
};

/// `text` as a JSON string, with its quotes.
std::string json_text(std::string_view text);

}  // namespace holdfast
