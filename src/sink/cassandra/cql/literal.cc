#include "sink/cassandra/cql/literal.h"

#include <algorithm>
#include <arpa/inet.h>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <limits>

#include "sink/cassandra/cql/bytes.h"
#include "sink/cassandra/cql/date.h"
#include "sink/cassandra/cql/value.h"
#include "sink/cassandra/cql/varint.h"

namespace holdfast::cql {
namespace {

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

/// A number of a fixed size as a [value].
template <class Number>
bool append_number(ByteBuffer& to, std::optional<Number> number) {
  if (!number) return false;
  Writer writer(to);
  writer.i32(sizeof(Number));
  const size_t at = to.size();
  to.resize(at + sizeof(Number));
  store_be(to.data() + at, *number);
  return true;
}

template <class Number, class Bits>
bool append_float(ByteBuffer& to, std::string_view text) {
  const auto number = number_in<Number>(text);
  return append_number<Bits>(
      to, number ? std::optional(std::bit_cast<Bits>(*number)) : std::optional<Bits>());
}

bool append_bytes(ByteBuffer& to, const std::optional<ByteBuffer>& bytes) {
  if (!bytes) return false;
  Writer(to).bytes(*bytes);
  return true;
}

bool append_uuid(ByteBuffer& to, std::string_view text, bool timed) {
  const auto uuid = parse_uuid(text);
  if (!uuid || (timed && static_cast<uint8_t>(uuid->bytes[6]) >> 4 != 1)) return false;
  Writer(to).bytes(uuid->bytes);
  return true;
}

bool append_host(ByteBuffer& to, std::string_view text) {
  std::byte address[16];
  const std::string host(text);
  const bool four = inet_pton(AF_INET, host.c_str(), address) == 1;
  if (!four && inet_pton(AF_INET6, host.c_str(), address) != 1) return false;
  Writer(to).bytes(ByteView(address).first(four ? 4 : 16));
  return true;
}

bool append_text(ByteBuffer& to, std::string_view text, TypeCode code) {
  const auto beyond = [](char c) { return static_cast<signed char>(c) < 0; };
  if (code == TypeCode::ascii && std::ranges::any_of(text, beyond)) return false;
  Writer(to).bytes(as_bytes(text));
  return true;
}

bool append_boolean(ByteBuffer& to, std::string_view text) {
  if (text != "true" && text != "false") return false;
  return append_number<uint8_t>(to, text == "true" ? 1 : 0);
}

std::optional<ByteBuffer> varint_in(std::string_view text) {
  ByteBuffer bytes;
  if (!append_varint(bytes, text)) return std::nullopt;
  return bytes;
}

bool append_scalar(ByteBuffer& to, std::string_view text, TypeCode code) {
  switch (code) {
    case TypeCode::ascii:
    case TypeCode::varchar:
    case TypeCode::blob:
      return append_text(to, text, code);
    case TypeCode::boolean:
      return append_boolean(to, text);
    case TypeCode::tinyint:
      return append_number(to, number_in<int8_t>(text));
    case TypeCode::smallint:
      return append_number(to, number_in<int16_t>(text));
    case TypeCode::int_:
      return append_number(to, number_in<int32_t>(text));
    case TypeCode::bigint:
      return append_number(to, number_in<int64_t>(text));
    case TypeCode::float_:
      return append_float<float, int32_t>(to, text);
    case TypeCode::double_:
      return append_float<double, int64_t>(to, text);
    case TypeCode::varint:
      return append_bytes(to, varint_in(text));
    case TypeCode::decimal:
      return append_bytes(to, decimal_from(text));
    case TypeCode::uuid:
    case TypeCode::timeuuid:
      return append_uuid(to, text, code == TypeCode::timeuuid);
    case TypeCode::inet:
      return append_host(to, text);
    case TypeCode::date:
      return append_number(to, date_in(text));
    case TypeCode::time:
      return append_number(to, time_in(text));
    case TypeCode::timestamp:
      return append_number(to, timestamp_in(text));
    case TypeCode::duration:
      return append_bytes(to, duration_in(text));
    default:
      return false;
  }
}

/// The cells of a collection, each with its size, behind a count of them.
std::optional<std::string> collection_of(const Type& type, ByteView cell) {
  Reader reader(cell);
  const bool map = type.code == TypeCode::map;
  const size_t many = reader.count(reader.i32(), map ? 8 : 4);
  std::string text(1, type.code == TypeCode::list ? '[' : '{');
  for (size_t i = 0; i < many; ++i) {
    if (i > 0) text += ", ";
    for (size_t part = 0; part < type.inner.size(); ++part) {
      ByteView one;
      if (!reader.bytes(one)) return std::nullopt;
      const auto inner = literal_of(type.inner[part], one);
      if (!inner) return std::nullopt;
      text += (part > 0 ? ": " : "") + *inner;
    }
  }
  if (!reader.good() || reader.left() > 0) return std::nullopt;
  return text + (type.code == TypeCode::list ? ']' : '}');
}

/// Of a tuple or a user type: fields at the end may be missing, each may be null.
std::optional<std::string> fields_of(const Type& type, ByteView cell) {
  Reader reader(cell);
  const bool named = type.code == TypeCode::udt;
  std::string text(1, named ? '{' : '(');
  for (size_t i = 0; i < type.inner.size(); ++i) {
    std::optional<ByteView> field;
    ByteView one;
    if (reader.left() > 0 && reader.bytes(one)) field = one;
    if (!reader.good()) return std::nullopt;
    const auto inner = literal_of(type.inner[i], field);
    if (!inner) return std::nullopt;
    text += (i > 0 ? ", " : "") + (named ? type.fields[i] + ": " : "") + *inner;
  }
  if (reader.left() > 0) return std::nullopt;
  return text + (named ? '}' : ')');
}

std::optional<std::string> vector_of(const Type& type, ByteView cell) {
  Reader reader(cell);
  const size_t fixed = fixed_bytes(type.inner[0]);
  if (type.size > cell.size()) return std::nullopt;
  std::string text = "[";
  for (size_t i = 0; i < type.size; ++i) {
    const ByteView one = reader.take(fixed > 0 ? fixed : read_unsigned_vint(reader));
    const auto inner =
        reader.good() ? literal_of(type.inner[0], one) : std::optional<std::string>();
    if (!inner) return std::nullopt;
    text += (i > 0 ? ", " : "") + *inner;
  }
  if (reader.left() > 0) return std::nullopt;
  return text + "]";
}

std::optional<std::string> decimal_of(ByteView cell) {
  if (cell.size() < 5) return std::nullopt;
  const auto scale = load_be<int32_t>(cell.data());
  const auto digits = digits_of(cell.subspan(4));
  if (!digits || scale == 0) return digits;
  return *digits + "E" + std::to_string(-static_cast<int64_t>(scale));
}

std::string hex_of(ByteView cell) {
  std::string text = "0x";
  for (const std::byte byte : cell) text += fmt::format("{:02x}", static_cast<uint8_t>(byte));
  return text;
}

template <class Number>
std::optional<std::string> number_of(ByteView cell) {
  if (cell.size() != sizeof(Number)) return std::nullopt;
  return std::to_string(load_be<Number>(cell.data()));
}

/// Digits enough to read the same number again.
std::optional<std::string> float_of(ByteView cell, bool wide) {
  const auto number = cell.size() == (wide ? 8u : 4u) ? double_of(cell) : std::nullopt;
  if (!number) return std::nullopt;
  if (std::isnan(*number)) return "NaN";
  return wide ? fmt::format("{}", *number) : fmt::format("{}", static_cast<float>(*number));
}

std::optional<std::string> time_text(const Type& type, ByteView cell) {
  if (type.code == TypeCode::duration) return duration_of(cell);
  if (cell.size() != (type.code == TypeCode::date ? 4u : 8u)) return std::nullopt;
  if (type.code == TypeCode::date) return date_of(load_be<uint32_t>(cell.data()));
  const auto number = load_be<int64_t>(cell.data());
  return type.code == TypeCode::time ? time_of(number) : timestamp_of(number);
}

std::optional<std::string> scalar_of(const Type& type, ByteView cell) {
  switch (type.code) {
    case TypeCode::ascii:
    case TypeCode::varchar:
      return text_of(std::optional(cell));
    case TypeCode::boolean:
      return cell.size() != 1 ? std::optional<std::string>() : *bool_of(cell) ? "true" : "false";
    case TypeCode::tinyint:
      return number_of<int8_t>(cell);
    case TypeCode::smallint:
      return number_of<int16_t>(cell);
    case TypeCode::int_:
      return number_of<int32_t>(cell);
    case TypeCode::bigint:
    case TypeCode::counter:
      return number_of<int64_t>(cell);
    case TypeCode::float_:
    case TypeCode::double_:
      return float_of(cell, type.code == TypeCode::double_);
    case TypeCode::varint:
      return digits_of(cell);
    case TypeCode::decimal:
      return decimal_of(cell);
    case TypeCode::uuid:
    case TypeCode::timeuuid:
      return cell.size() == 16 ? std::optional(text_of(*uuid_of(cell))) : std::nullopt;
    case TypeCode::inet:
      return host_of(cell);
    case TypeCode::date:
    case TypeCode::time:
    case TypeCode::timestamp:
    case TypeCode::duration:
      return time_text(type, cell);
    default:
      return hex_of(cell);
  }
}

}  // namespace

bool is_scalar(TypeCode code) {
  return code != TypeCode::list && code != TypeCode::set && code != TypeCode::map &&
         code != TypeCode::tuple && code != TypeCode::udt && code != TypeCode::vector;
}

Status append_literal(ByteBuffer& to, std::string_view text, const Type& type) {
  if (append_scalar(to, text, type.code)) return {};
  return fail(ErrorCode::invalid,
              fmt::format("\"{}\" is no value for {}", text.substr(0, 60), text_of(type)));
}

std::optional<std::string> literal_of(const Type& type, std::optional<ByteView> cell) {
  if (!cell) return "null";
  switch (type.code) {
    case TypeCode::list:
    case TypeCode::set:
    case TypeCode::map:
      return collection_of(type, *cell);
    case TypeCode::tuple:
    case TypeCode::udt:
      return fields_of(type, *cell);
    case TypeCode::vector:
      return vector_of(type, *cell);
    default:
      return scalar_of(type, *cell);
  }
}

}  // namespace holdfast::cql
