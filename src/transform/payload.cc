#include "transform/payload.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <simdjson.h>

#include "transform/scalar.h"

namespace holdfast::transform {
namespace {

using event::Column;
using event::ColumnType;
using simdjson::dom::element;

struct TypeName {
  std::string_view sql;
  ColumnType type;
};
constexpr TypeName type_names[] = {
    {"BOOLEAN", ColumnType::boolean},    {"BOOL", ColumnType::boolean},
    {"TINYINT", ColumnType::int16},      {"SMALLINT", ColumnType::int16},
    {"INT2", ColumnType::int16},         {"INTEGER", ColumnType::int32},
    {"INT", ColumnType::int32},          {"INT4", ColumnType::int32},
    {"BIGINT", ColumnType::int64},       {"INT8", ColumnType::int64},
    {"LONG", ColumnType::int64},         {"DOUBLE", ColumnType::float64},
    {"FLOAT8", ColumnType::float64},     {"FLOAT", ColumnType::float64},
    {"REAL", ColumnType::float64},       {"VARCHAR", ColumnType::text},
    {"TEXT", ColumnType::text},          {"STRING", ColumnType::text},
    {"JSON", ColumnType::json},          {"TIMESTAMP", ColumnType::timestamp},
    {"DATETIME", ColumnType::timestamp}, {"TIMESTAMPTZ", ColumnType::timestamp_tz},
    {"DATE", ColumnType::date},          {"TIMESTAMP WITH TIME ZONE", ColumnType::timestamp_tz},
};

std::optional<int64_t> to_integer(element value) {
  int64_t integer;
  if (value.get(integer) == simdjson::SUCCESS) return integer;
  double number;
  if (value.get(number) == simdjson::SUCCESS) {
    if (std::nearbyint(number) == number && std::abs(number) < 9e15)
      return static_cast<int64_t>(number);
    return {};
  }
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return parse_integer(text);
  return {};
}

template <class T>
bool add_integer(element value, Column& to) {
  const std::optional<int64_t> integer = to_integer(value);
  if (!integer || *integer < std::numeric_limits<T>::min() ||
      *integer > std::numeric_limits<T>::max())
    return false;
  to.add<T>(static_cast<T>(*integer));
  return true;
}

bool add_boolean(element value, Column& to) {
  bool boolean;
  std::string_view text;
  if (value.get(boolean) != simdjson::SUCCESS) {
    const std::optional<bool> parsed =
        value.get(text) == simdjson::SUCCESS ? parse_boolean(text) : std::nullopt;
    if (!parsed) return false;
    boolean = *parsed;
  }
  to.add<uint8_t>(boolean ? 1 : 0);
  return true;
}

bool add_number(element value, Column& to) {
  double number;
  std::string_view text;
  if (value.get(number) != simdjson::SUCCESS) {
    const std::optional<double> parsed =
        value.get(text) == simdjson::SUCCESS ? parse_number(text) : std::nullopt;
    if (!parsed) return false;
    number = *parsed;
  }
  to.add(number);
  return true;
}

template <class T, class Parse>
bool add_parsed(element value, Column& to, Parse parse) {
  std::string_view text;
  if (value.get(text) != simdjson::SUCCESS) return false;
  const std::optional<T> parsed = parse(text);
  if (parsed) to.add<T>(*parsed);
  return parsed.has_value();
}

/// A text as it is; anything else as JSON.
bool add_text(element value, Column& to) {
  std::string_view text;
  if (to.type() == ColumnType::text && value.get(text) == simdjson::SUCCESS) {
    to.add_text(text);
  } else {
    to.add_text(simdjson::minify(value));
  }
  return true;
}

bool add(element value, Column& to) {
  switch (to.type()) {
    case ColumnType::boolean:
      return add_boolean(value, to);
    case ColumnType::int16:
      return add_integer<int16_t>(value, to);
    case ColumnType::int32:
      return add_integer<int32_t>(value, to);
    case ColumnType::int64:
      return add_integer<int64_t>(value, to);
    case ColumnType::float64:
      return add_number(value, to);
    case ColumnType::text:
    case ColumnType::json:
      return add_text(value, to);
    case ColumnType::timestamp:
    case ColumnType::timestamp_tz:
      return add_parsed<int64_t>(value, to, parse_timestamp);
    case ColumnType::date:
      return add_parsed<int32_t>(value, to, parse_date);
  }
  return false;
}

}  // namespace

Result<ColumnType> parse_type(std::string_view sql_type) {
  std::string upper(sql_type);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  for (const TypeName& known : type_names)
    if (known.sql == upper) return known.type;
  return fail(
      ErrorCode::invalid,
      "unknown column type \"" + std::string(sql_type) +
          "\"; known are BOOLEAN, SMALLINT, INTEGER, BIGINT, DOUBLE, VARCHAR, JSON, TIMESTAMP, "
          "TIMESTAMPTZ, DATE (other types: convert in the SQL)");
}

struct PayloadDecoder::Impl {
  event::Schema columns;
  simdjson::dom::parser parser;
  std::vector<uint64_t> seen;  // the number of the last document that had the column
  uint64_t document = 0;
  /// The field last met at each place of a document, and its column: the fields of one source keep
  /// their order.
  struct Guess {
    std::string name;
    size_t column;
  };
  std::vector<Guess> guesses;

  size_t find(std::string_view name, size_t place) {
    constexpr size_t guesses_max = 1000;
    if (place < guesses.size() && guesses[place].name == name) return guesses[place].column;
    const auto found = std::ranges::find(columns, name, &event::ColumnSpec::name);
    const size_t column =
        found == columns.end() ? SIZE_MAX : static_cast<size_t>(found - columns.begin());
    if (place < guesses.size()) guesses[place] = {std::string(name), column};
    if (place == guesses.size() && place < guesses_max)
      guesses.push_back({std::string(name), column});
    return column;
  }

  Status fill(std::string_view value, event::Rows& to) {
    element root;
    if (const auto error = parser.parse(value.data(), value.size(), false).get(root))
      return fail(ErrorCode::invalid,
                  std::string("the payload is not JSON: ") + simdjson::error_message(error));
    simdjson::dom::object object;
    if (root.get(object) != simdjson::SUCCESS)
      return fail(ErrorCode::invalid, "the payload is not a JSON object");
    ++document;
    size_t place = 0;
    for (const auto field : object) {
      const size_t i = find(field.key, place++);
      if (i == SIZE_MAX || field.value.is_null()) continue;
      if (seen[i] == document)
        return fail(ErrorCode::invalid,
                    "the field \"" + std::string(field.key) + "\" is there twice");
      if (!add(field.value, to.column(i))) return misfit(columns[i], field.value);
      seen[i] = document;
    }
    return {};
  }

  static std::unexpected<Error> misfit(const event::ColumnSpec& column, element value) {
    std::string shown = simdjson::minify(value);
    if (shown.size() > 100) shown = shown.substr(0, 100) + "...";
    return fail(ErrorCode::invalid, "the field \"" + column.name + "\" is not a valid " +
                                        name(column.type) + ": " + shown);
  }
};

PayloadDecoder::PayloadDecoder(const event::Schema& columns) : impl_(std::make_unique<Impl>()) {
  impl_->columns = columns;
  impl_->seen.resize(columns.size());
}
PayloadDecoder::~PayloadDecoder() = default;

Status PayloadDecoder::decode(const std::string_view* value, event::Rows& to) {
  const size_t row = to.rows();
  Status status;
  if (value != nullptr) status = impl_->fill(*value, to);
  for (size_t i = 0; i < to.columns(); ++i) {
    if (to.column(i).rows() == row)
      to.column(i).add_null();
    else if (!status)
      to.column(i).set_null(row);
  }
  return status;
}

bool PayloadDecoder::valid_text(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

}  // namespace holdfast::transform
