#include "sink/cassandra/cql/value.h"

#include <arpa/inet.h>
#include <charconv>
#include <cstdlib>

#include "sink/cassandra/cql/bytes.h"
#include "sink/cassandra/cql/varint.h"

namespace holdfast::cql {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

constexpr bool dash_before(size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

}  // namespace

std::optional<Uuid> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  size_t at = 0;
  for (size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (dash_before(i) && text[at++] != '-') return std::nullopt;
    const int high = digit(text[at++]);
    const int low = digit(text[at++]);
    if (high < 0 || low < 0) return std::nullopt;
    uuid.bytes[i] = static_cast<std::byte>(high << 4 | low);
  }
  return uuid;
}

std::string text_of(const Uuid& uuid) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < uuid.bytes.size(); ++i) {
    if (dash_before(i)) text += '-';
    const auto byte = static_cast<uint8_t>(uuid.bytes[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<int64_t> int_of(std::optional<ByteView> cell) {
  if (!cell || cell->empty() || cell->size() > 8) return std::nullopt;
  int64_t number = static_cast<int8_t>(cell->front());
  for (const std::byte byte : cell->subspan(1))
    number = static_cast<int64_t>(static_cast<uint64_t>(number) << 8 | static_cast<uint8_t>(byte));
  return number;
}

std::optional<double> double_of(std::optional<ByteView> cell) {
  if (!cell) return std::nullopt;
  if (cell->size() == 8) return std::bit_cast<double>(load_be<uint64_t>(cell->data()));
  if (cell->size() == 4) return std::bit_cast<float>(load_be<uint32_t>(cell->data()));
  return std::nullopt;
}

std::optional<bool> bool_of(std::optional<ByteView> cell) {
  if (!cell || cell->size() != 1) return std::nullopt;
  return cell->front() != std::byte{0};
}

std::optional<std::string> text_of(std::optional<ByteView> cell) {
  if (!cell) return std::nullopt;
  return std::string(as_text(*cell));
}

std::optional<std::string> host_of(std::optional<ByteView> cell) {
  if (!cell || (cell->size() != 4 && cell->size() != 16)) return std::nullopt;
  char text[INET6_ADDRSTRLEN] = {};
  if (inet_ntop(cell->size() == 4 ? AF_INET : AF_INET6, cell->data(), text, sizeof text) == nullptr)
    return std::nullopt;
  return std::string(text);
}

std::optional<Uuid> uuid_of(std::optional<ByteView> cell) {
  if (!cell || cell->size() != 16) return std::nullopt;
  Uuid uuid;
  std::memcpy(uuid.bytes.data(), cell->data(), 16);
  return uuid;
}

std::optional<std::vector<ByteView>> elements_of(std::optional<ByteView> cell) {
  std::vector<ByteView> elements;
  if (!cell) return elements;
  Reader reader(*cell);
  const size_t many = reader.count(reader.i32(), 4);
  for (size_t i = 0; i < many && reader.good(); ++i) {
    ByteView element;
    reader.bytes(element);
    elements.push_back(element);
  }
  if (!reader.good()) return std::nullopt;
  return elements;
}

std::optional<std::map<std::string, std::string>> text_map_of(std::optional<ByteView> cell) {
  std::map<std::string, std::string> map;
  if (!cell) return map;
  Reader reader(*cell);
  const size_t many = reader.count(reader.i32(), 8);
  for (size_t i = 0; i < many && reader.good(); ++i) {
    ByteView key, value;
    reader.bytes(key);
    reader.bytes(value);
    map.emplace(as_text(key), as_text(value));
  }
  if (!reader.good()) return std::nullopt;
  return map;
}

std::optional<ByteBuffer> decimal_from(std::string_view text) {
  std::string digits;
  if (text.starts_with('-') || text.starts_with('+')) {
    if (text.front() == '-') digits = "-";
    text.remove_prefix(1);
  }
  int64_t scale = 0;
  bool after_point = false;
  size_t i = 0;
  for (; i < text.size() && digits.size() <= varint_digits_max; ++i) {
    if (text[i] == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') break;
    digits += text[i];
    if (after_point) ++scale;
  }
  int64_t exponent = 0;
  if (i < text.size()) {
    if (text[i] != 'e' && text[i] != 'E') return std::nullopt;
    const char* begin = text.data() + i + 1;
    if (begin < text.data() + text.size() && *begin == '+') ++begin;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), exponent);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  constexpr int64_t scale_max = 1'000'000;
  if (exponent < -2 * scale_max || exponent > 2 * scale_max ||
      std::abs(scale - exponent) > scale_max)
    return std::nullopt;
  ByteBuffer cell;
  Writer(cell).i32(static_cast<int32_t>(scale - exponent));
  if (!append_varint(cell, digits)) return std::nullopt;
  return cell;
}

}  // namespace holdfast::cql
