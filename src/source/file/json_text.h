#pragma once

#include <string>
#include <string_view>

namespace holdfast::source::file {

/// Appends valid UTF-8 as a JSON string in quotes (RFC 8259: quotes, backslashes and control bytes
/// are escaped, nothing else).
inline void append_json_text(std::string& to, std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  to += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && c != '"' && c != '\\') {
      to += c;
    } else if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (c == '\n') {
      to += "\\n";
    } else if (c == '\r') {
      to += "\\r";
    } else if (c == '\t') {
      to += "\\t";
    } else {
      to += "\\u00";
      to += digits[byte >> 4];
      to += digits[byte & 15];
    }
  }
  to += '"';
}

}  // namespace holdfast::source::file
