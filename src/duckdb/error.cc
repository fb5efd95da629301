#include "duckdb/handles.h"

namespace holdfast::duckdb {
namespace {

struct Kind {
  std::string_view prefix;
  ErrorCode code;
};
constexpr Kind kinds[] = {
    {"FATAL Error", ErrorCode::corrupt},         {"INTERNAL Error", ErrorCode::corrupt},
    {"Serialization Error", ErrorCode::corrupt}, {"Out of Memory Error", ErrorCode::limit},
    {"INTERRUPT Error", ErrorCode::interrupted}, {"IO Error", ErrorCode::io},
    {"TransactionContext Error", ErrorCode::io},
};

}  // namespace

ErrorCode classify(std::string_view message) {
  // Wherever it happened, and also when it ended in the fatal state: what was written before is not
  // damaged by it.
  for (const char* full : {"No space left", "Disk quota", "File too large"})
    if (message.contains(full)) return ErrorCode::disk_full;
  if (message.contains("Could not write file") || message.contains("fsync failed"))
    return ErrorCode::io;
  if (message.contains("database has been invalidated")) return ErrorCode::corrupt;
  for (const Kind& kind : kinds) {
    if (!message.starts_with(kind.prefix)) continue;
    if (kind.code != ErrorCode::io) return kind.code;
    if (message.contains("Could not set lock")) return ErrorCode::locked;
    if (message.contains("database file with version number")) return ErrorCode::version_unknown;
    if (message.contains("Corrupt") || message.contains("not a valid DuckDB") ||
        message.contains("checksum"))
      return ErrorCode::corrupt;
    return ErrorCode::io;
  }
  return ErrorCode::invalid;
}

std::unexpected<Error> fail_with(const char* message) {
  std::string text = message == nullptr ? "DuckDB gave no reason" : message;
  const ErrorCode code = classify(text);
  return fail(code, std::move(text));
}

ColumnInfo describe(const char* column, duckdb_type type) {
  const std::string name = column == nullptr ? "" : column;
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return {name, Type::boolean, "BOOLEAN"};
    case DUCKDB_TYPE_TINYINT:
      return {name, Type::int8, "TINYINT"};
    case DUCKDB_TYPE_SMALLINT:
      return {name, Type::int16, "SMALLINT"};
    case DUCKDB_TYPE_INTEGER:
      return {name, Type::int32, "INTEGER"};
    case DUCKDB_TYPE_BIGINT:
      return {name, Type::int64, "BIGINT"};
    case DUCKDB_TYPE_FLOAT:
      return {name, Type::float32, "FLOAT"};
    case DUCKDB_TYPE_DOUBLE:
      return {name, Type::float64, "DOUBLE"};
    case DUCKDB_TYPE_VARCHAR:
      return {name, Type::text, "VARCHAR"};
    case DUCKDB_TYPE_BLOB:
      return {name, Type::blob, "BLOB"};
    case DUCKDB_TYPE_TIMESTAMP:
      return {name, Type::timestamp, "TIMESTAMP"};
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return {name, Type::timestamp_tz, "TIMESTAMP WITH TIME ZONE"};
    case DUCKDB_TYPE_DATE:
      return {name, Type::date, "DATE"};
    default:
      return {name, Type::other, "type " + std::to_string(static_cast<int>(type))};
  }
}

duckdb_type physical(Type type) {
  switch (type) {
    case Type::boolean:
      return DUCKDB_TYPE_BOOLEAN;
    case Type::int8:
      return DUCKDB_TYPE_TINYINT;
    case Type::int16:
      return DUCKDB_TYPE_SMALLINT;
    case Type::int32:
      return DUCKDB_TYPE_INTEGER;
    case Type::int64:
      return DUCKDB_TYPE_BIGINT;
    case Type::float32:
      return DUCKDB_TYPE_FLOAT;
    case Type::float64:
      return DUCKDB_TYPE_DOUBLE;
    case Type::text:
      return DUCKDB_TYPE_VARCHAR;
    case Type::blob:
      return DUCKDB_TYPE_BLOB;
    case Type::timestamp:
      return DUCKDB_TYPE_TIMESTAMP;
    case Type::timestamp_tz:
      return DUCKDB_TYPE_TIMESTAMP_TZ;
    case Type::date:
      return DUCKDB_TYPE_DATE;
    case Type::other:
      break;
  }
  return DUCKDB_TYPE_INVALID;
}

namespace {
std::string quote(std::string_view text, char mark) {
  std::string result(1, mark);
  for (const char c : text) {
    if (c == mark) result += mark;
    result += c;
  }
  return result + mark;
}
}  // namespace

std::string quote_name(std::string_view name) {
  return quote(name, '"');
}
std::string quote_text(std::string_view text) {
  return quote(text, '\'');
}

}  // namespace holdfast::duckdb
