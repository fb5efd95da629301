#include "pipeline/spooled_message.h"

#include <cstdint>
#include <cstring>

namespace holdfast::pipeline {
namespace {

constexpr uint32_t null_size = UINT32_MAX;

void append(std::string& to, uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) to.push_back(static_cast<char>(number >> shift));
}

void append(std::string& to, const std::optional<std::string_view>& text) {
  append(to, text ? static_cast<uint32_t>(text->size()) : null_size);
  if (text) to += *text;
}

bool take(std::string_view& from, uint32_t& number) {
  if (from.size() < 4) return false;
  number = 0;
  for (int i = 0; i < 4; ++i)
    number |= static_cast<uint32_t>(static_cast<unsigned char>(from[static_cast<size_t>(i)]))
              << (8 * i);
  from.remove_prefix(4);
  return true;
}

bool take(std::string_view& from, std::optional<std::string_view>& text) {
  uint32_t size = 0;
  text.reset();
  if (!take(from, size)) return false;
  if (size == null_size) return true;
  if (from.size() < size) return false;
  text = from.substr(0, size);
  from.remove_prefix(size);
  return true;
}

}  // namespace

std::string encode_message(event::Headers headers, const std::optional<std::string_view>& value) {
  std::string text;
  append(text, static_cast<uint32_t>(headers.size()));
  for (const event::Header& header : headers) {
    append(text, header.name);
    append(text, header.value);
  }
  append(text, value);
  return text;
}

Status decode_message(std::string_view text, SpooledMessage& to) {
  to.headers.clear();
  const auto damaged = [] { return fail(ErrorCode::corrupt, "no spooled failure record"); };
  uint32_t count = 0;
  if (!take(text, count) || count > text.size() / 8) return damaged();
  for (uint32_t i = 0; i < count; ++i) {
    std::optional<std::string_view> name, value;
    if (!take(text, name) || !name || !take(text, value)) return damaged();
    to.headers.push_back({*name, value});
  }
  if (!take(text, to.value) || !text.empty()) return damaged();
  return {};
}

}  // namespace holdfast::pipeline
