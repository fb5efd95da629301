#include "sink/cassandra/cell.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sink/cassandra/cql/bytes.h"
#include "sink/cassandra/cql/literal.h"
#include "sink/cassandra/cql/varint.h"

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

using Json = nlohmann::json;

Status append_json(ByteBuffer& to, const Json& value, const cql::Type& type);

std::string text_of_json(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Status json_misfit(const Json& value, const cql::Type& type) {
  return misfit(value.dump(), type);
}

/// A list or a set from a list, a map from an object: a count, then each with its size.
Status append_collection(ByteBuffer& to, const Json& value, const cql::Type& type) {
  const bool map = type.code == TypeCode::map;
  if (map ? !value.is_object() : !value.is_array()) return json_misfit(value, type);
  Writer(to).i32(static_cast<int32_t>(value.size()));
  for (const auto& item : value.items()) {
    if (item.value().is_null()) return json_misfit(value, type);  // collections hold no nulls
    if (map) HOLDFAST_CHECKED(append_text_cell(to, item.key(), type.inner[0]));
    HOLDFAST_CHECKED(append_json(to, item.value(), type.inner.back()));
  }
  return {};
}

/// A tuple from a list, a user type from an object; fields that are not there are null.
Status append_fields(ByteBuffer& to, const Json& value, const cql::Type& type) {
  const bool named = type.code == TypeCode::udt;
  if (named ? !value.is_object() : !value.is_array()) return json_misfit(value, type);
  size_t used = 0;
  for (size_t i = 0; i < type.inner.size(); ++i) {
    const bool there = named ? value.contains(type.fields[i]) : i < value.size();
    used += there;
    HOLDFAST_CHECKED(append_json(to,
                                 !there  ? Json()
                                 : named ? value[type.fields[i]]
                                         : value[i],
                                 type.inner[i]));
  }
  if (used < value.size()) return json_misfit(value, type);  // the type has no such field
  return {};
}

/// Elements of one size lie one behind the other, others have theirs before them.
Status append_vector(ByteBuffer& to, const Json& value, const cql::Type& type) {
  if (!value.is_array() || value.size() != type.size) return json_misfit(value, type);
  const bool fixed = cql::fixed_bytes(type.inner[0]) > 0;
  ByteBuffer one;
  for (const Json& element : value) {
    if (element.is_null()) return json_misfit(value, type);
    one.clear();
    HOLDFAST_CHECKED(append_json(one, element, type.inner[0]));
    const ByteView content = ByteView(one).subspan(4);
    if (!fixed) cql::append_unsigned_vint(to, content.size());
    append(to, content);
  }
  return {};
}

/// As a [value]: its size, then what it holds.
Status append_json(ByteBuffer& to, const Json& value, const cql::Type& type) {
  if (value.is_null()) {
    Writer(to).null();
    return {};
  }
  if (cql::is_scalar(type.code)) {
    if (value.is_structured()) return json_misfit(value, type);
    return cql::append_literal(to, text_of_json(value), type);
  }
  const size_t begin = to.size();
  Writer(to).i32(0);
  if (type.code == TypeCode::vector)
    HOLDFAST_CHECKED(append_vector(to, value, type));
  else if (type.code == TypeCode::tuple || type.code == TypeCode::udt)
    HOLDFAST_CHECKED(append_fields(to, value, type));
  else
    HOLDFAST_CHECKED(append_collection(to, value, type));
  store_be(to.data() + begin, static_cast<int32_t>(to.size() - begin - 4));
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
  if (cql::is_scalar(code)) return code != TypeCode::counter && code != TypeCode::custom;
  return std::ranges::all_of(
      to.inner, [](const cql::Type& inner) { return convertible(ColumnType::text, inner); });
}

Status append_text_cell(ByteBuffer& to, std::string_view text, const cql::Type& type) {
  if (cql::is_scalar(type.code)) return cql::append_literal(to, text, type);
  const Json value = Json::parse(text, nullptr, false);
  if (value.is_discarded() || value.is_null()) return misfit(text, type);
  return append_json(to, value, type);
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
