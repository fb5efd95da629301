#include "sink/cassandra/cell.h"

#include <algorithm>
#include <arpa/inet.h>
#include <bit>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "sink/cassandra/cql/bytes.h"
#include "sink/cassandra/cql/value.h"

namespace holdfast::sink {
namespace {

using cql::TypeCode;
using cql::Writer;
using event::ColumnType;

std::unexpected<Error> misfit(std::string_view value, const cql::Type& type) {
  return fail(ErrorCode::invalid,
              fmt::format("\"{}\" is no value for {}", value.substr(0, 60), cql::text_of(type)));
}

bool is_integer(TypeCode code) {
  return code == TypeCode::tinyint || code == TypeCode::smallint || code == TypeCode::int_ ||
         code == TypeCode::bigint || code == TypeCode::varint;
}

/// Bytes of an integer type; 0 for varint.
int width_of(TypeCode code) {
  switch (code) {
    case TypeCode::tinyint:
      return 1;
    case TypeCode::smallint:
      return 2;
    case TypeCode::int_:
      return 4;
    default:
      return code == TypeCode::varint ? 0 : 8;
  }
}

Status append_integer(ByteBuffer& to, int64_t value, const cql::Type& type) {
  Writer writer(to);
  if (type.code == TypeCode::varint) {
    ByteBuffer bytes;
    cql::append_varint(bytes, value);
    writer.bytes(bytes);
    return {};
  }
  if (type.code == TypeCode::double_ || type.code == TypeCode::float_) {
    if (std::abs(value) > (type.code == TypeCode::float_ ? 1ll << 24 : 1ll << 53))
      return misfit(std::to_string(value), type);
    const auto number = static_cast<double>(value);
    const bool wide = type.code == TypeCode::double_;
    writer.i32(wide ? 8 : 4);
    if (wide)
      writer.i64(std::bit_cast<int64_t>(number));
    else
      writer.i32(std::bit_cast<int32_t>(static_cast<float>(number)));
    return {};
  }
  const int width = width_of(type.code);
  const int spare = 64 - 8 * width;
  if (value << spare >> spare != value) return misfit(std::to_string(value), type);
  writer.i32(width);
  for (int i = width; i-- > 0;) writer.u8(static_cast<uint8_t>(value >> (8 * i)));
  return {};
}

Status append_double(ByteBuffer& to, double value, const cql::Type& type) {
  Writer writer(to);
  if (type.code == TypeCode::double_) {
    writer.i32(8);
    writer.i64(std::bit_cast<int64_t>(value));
    return {};
  }
  const auto narrow = static_cast<float>(value);
  if (std::isfinite(value) && !std::isfinite(narrow)) return misfit(std::to_string(value), type);
  writer.i32(4);
  writer.i32(std::bit_cast<int32_t>(narrow));
  return {};
}

Status append_collection(ByteBuffer& to, std::string_view json, const cql::Type& type) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  const bool map = type.code == TypeCode::map;
  if (map ? !parsed.is_object() : !parsed.is_array()) return misfit(json, type);
  ByteBuffer body;
  Writer(body).i32(static_cast<int32_t>(parsed.size()));
  const auto text = [](const nlohmann::json& one) {
    return one.is_string() ? one.get<std::string>() : one.dump();
  };
  for (const auto& item : parsed.items()) {
    if (item.value().is_null() || (item.value().is_structured())) return misfit(json, type);
    if (map) HOLDFAST_CHECKED(append_text_cell(body, item.key(), type.inner[0]));
    HOLDFAST_CHECKED(append_text_cell(body, text(item.value()), type.inner.back()));
  }
  Writer(to).bytes(body);
  return {};
}

Status append_inet(ByteBuffer& to, std::string_view text, const cql::Type& type) {
  std::byte address[16];
  const std::string host(text);
  const bool four = inet_pton(AF_INET, host.c_str(), address) == 1;
  if (!four && inet_pton(AF_INET6, host.c_str(), address) != 1) return misfit(text, type);
  Writer(to).bytes(ByteView(address).first(four ? 4 : 16));
  return {};
}

int64_t floor_ms(int64_t us) {
  return us >= 0 ? us / 1000 : -((-us + 999) / 1000);
}

Status append_time(ByteBuffer& to, int64_t us, const cql::Type& type) {
  return append_integer(to, type.code == TypeCode::timestamp ? floor_ms(us) : us,
                        {.code = TypeCode::bigint});
}

Status append_fixed(ByteBuffer& to, const event::Column& column, size_t row,
                    const cql::Type& type) {
  switch (column.type()) {
    case ColumnType::boolean:
      Writer(to).i32(1);
      Writer(to).u8(column.value<uint8_t>(row));
      return {};
    case ColumnType::int16:
      return append_integer(to, column.value<int16_t>(row), type);
    case ColumnType::int32:
      return append_integer(to, column.value<int32_t>(row), type);
    case ColumnType::int64:
      return append_integer(to, column.value<int64_t>(row), type);
    case ColumnType::float64:
      return append_double(to, column.value<double>(row), type);
    case ColumnType::date:  // days, counted from 2^31
      Writer(to).i32(4);
      Writer(to).u32(static_cast<uint32_t>(column.value<int32_t>(row)) + (1u << 31));
      return {};
    default:
      return append_time(to, column.value<int64_t>(row), type);
  }
}

}  // namespace

bool convertible(ColumnType from, const cql::Type& to) {
  const TypeCode code = to.code;
  switch (from) {
    case ColumnType::boolean:
      return code == TypeCode::boolean;
    case ColumnType::int16:
    case ColumnType::int32:
    case ColumnType::int64:
      return is_integer(code) || code == TypeCode::double_ || code == TypeCode::float_;
    case ColumnType::float64:
      return code == TypeCode::double_ || code == TypeCode::float_;
    case ColumnType::timestamp:
    case ColumnType::timestamp_tz:
      return code == TypeCode::timestamp || code == TypeCode::bigint;
    case ColumnType::date:
      return code == TypeCode::date;
    default:
      break;
  }
  if (code == TypeCode::list || code == TypeCode::set || code == TypeCode::map)
    return std::ranges::all_of(to.inner, [](const cql::Type& inner) {
      return inner.inner.empty() && convertible(ColumnType::text, inner);
    });
  return code == TypeCode::varchar || code == TypeCode::ascii || code == TypeCode::blob ||
         code == TypeCode::uuid || code == TypeCode::timeuuid || code == TypeCode::inet ||
         code == TypeCode::decimal || is_integer(code);
}

Status append_text_cell(ByteBuffer& to, std::string_view text, const cql::Type& type) {
  switch (type.code) {
    case TypeCode::ascii:
      if (std::ranges::any_of(text, [](char c) { return static_cast<signed char>(c) < 0; }))
        return misfit(text, type);
      [[fallthrough]];
    case TypeCode::varchar:
    case TypeCode::blob:
      Writer(to).bytes(as_bytes(text));
      return {};
    case TypeCode::uuid:
    case TypeCode::timeuuid: {
      const auto uuid = cql::parse_uuid(text);
      const bool timed = uuid && static_cast<uint8_t>(uuid->bytes[6]) >> 4 == 1;
      if (!uuid || (type.code == TypeCode::timeuuid && !timed)) return misfit(text, type);
      Writer(to).bytes(uuid->bytes);
      return {};
    }
    case TypeCode::inet:
      return append_inet(to, text, type);
    case TypeCode::decimal: {
      const auto decimal = cql::decimal_from(text);
      if (!decimal) return misfit(text, type);
      Writer(to).bytes(*decimal);
      return {};
    }
    case TypeCode::list:
    case TypeCode::set:
    case TypeCode::map:
      return append_collection(to, text, type);
    default:
      break;
  }
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty())
    return misfit(text, type);
  return append_integer(to, number, type);
}

Status append_cell(ByteBuffer& to, const event::Column& column, size_t row, const cql::Type& type) {
  if (column.is_null(row)) {
    Writer(to).null();
    return {};
  }
  if (column.type() == ColumnType::text || column.type() == ColumnType::json)
    return append_text_cell(to, column.text(row), type);
  return append_fixed(to, column, row, type);
}

std::string text_of_field(const event::Column& column, size_t row) {
  if (column.is_null(row)) return {};
  switch (column.type()) {
    case ColumnType::boolean:
      return column.value<uint8_t>(row) != 0 ? "true" : "false";
    case ColumnType::int16:
      return std::to_string(column.value<int16_t>(row));
    case ColumnType::int32:
    case ColumnType::date:
      return std::to_string(column.value<int32_t>(row));
    case ColumnType::float64:
      return fmt::format("{}", column.value<double>(row));
    case ColumnType::text:
    case ColumnType::json:
      return std::string(column.text(row));
    default:
      return std::to_string(column.value<int64_t>(row));
  }
}

Result<std::vector<std::string>> list_elements(std::string_view json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_array())
    return fail(ErrorCode::invalid, fmt::format("\"{}\" is no list", json.substr(0, 60)));
  std::vector<std::string> elements;
  for (const auto& one : parsed) {
    if (one.is_structured() || one.is_null())
      return fail(ErrorCode::invalid, "a list to fan out holds something that is no plain value");
    elements.push_back(one.is_string() ? one.get<std::string>() : one.dump());
  }
  return elements;
}

}  // namespace holdfast::sink
