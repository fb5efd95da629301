#include "transform/rewrite.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace holdfast::transform {
namespace {

using event::ColumnType;
using nlohmann::json;

struct Described {
  std::string name;
  std::string type;  // as SQL
};

/// Columns of a result, without running it.
Result<std::vector<Described>> describe(duckdb::Connection& connection, const std::string& sql) {
  duckdb::Cursor cursor = HOLDFAST_TRY(connection.query("DESCRIBE " + sql));
  std::vector<Described> columns;
  while (true) {
    const auto chunk = HOLDFAST_TRY(cursor.next());
    if (!chunk) return columns;
    for (size_t row = 0; row < chunk->rows(); ++row)
      columns.push_back({std::string(chunk->column(0).as<duckdb::Text>()[row].view()),
                         std::string(chunk->column(1).as<duckdb::Text>()[row].view())});
  }
}

bool has_row_column(const std::vector<Described>& columns) {
  return std::ranges::any_of(columns,
                             [](const Described& column) { return column.name == row_column; });
}

Result<json> parse_select(duckdb::Connection& connection, const std::string& sql) {
  const std::string text = HOLDFAST_TRY(
      connection.query_text("SELECT json_serialize_sql(" + duckdb::quote_text(sql) + ")::VARCHAR"));
  json tree = json::parse(text, nullptr, false);
  if (tree.is_discarded())
    return fail(ErrorCode::invalid, "DuckDB cannot describe the SQL of the transform");
  if (tree.value("error", true))
    return fail(ErrorCode::invalid,
                "the SQL of the transform: " + tree.value("error_message", std::string("wrong")) +
                    " (at character " + tree.value("position", std::string("?")) + ")");
  if (tree["statements"].size() != 1)
    return fail(ErrorCode::invalid, "the SQL of the transform must be one SELECT");
  return tree;
}

/// What would drop or merge rows depending on how events happened to be batched.
Status refuse_limits(const json& node) {
  for (const json& modifier : node.value("modifiers", json::array()))
    if (modifier.value("type", "").starts_with("LIMIT"))
      return fail(ErrorCode::invalid,
                  "a transform cannot have LIMIT: it sees a few thousand events at a time, so what "
                  "is cut off depends on chance");
  return {};
}

constexpr const char* row_hint =
    "a transform makes at most one row of each event; give each SELECT in it the column ce_row, "
    "which tells events apart";

/// The SQL with `ce_row` in the select list of its outermost SELECT.
Result<std::string> add_row_column(duckdb::Connection& connection, json tree) {
  json& node = tree["statements"][0]["node"];
  if (node.value("type", "") != "SELECT_NODE") return fail(ErrorCode::invalid, row_hint);
  node["select_list"].push_back({{"class", "COLUMN_REF"},
                                 {"type", "COLUMN_REF"},
                                 {"alias", ""},
                                 {"query_location", 0},
                                 {"column_names", json::array({row_column})}});
  return connection.query_text("SELECT json_deserialize_sql(" + duckdb::quote_text(tree.dump()) +
                               "::JSON)");
}

struct Cast {
  ColumnType type;
  std::string target;  // empty: none needed
};

/// How a column of this SQL type leaves the transform.
Cast cast_for(const std::string& type) {
  static const std::pair<std::string_view, ColumnType> known[] = {
      {"BOOLEAN", ColumnType::boolean}, {"SMALLINT", ColumnType::int16},
      {"INTEGER", ColumnType::int32},   {"BIGINT", ColumnType::int64},
      {"DOUBLE", ColumnType::float64},  {"VARCHAR", ColumnType::text},
      {"JSON", ColumnType::json},       {"TIMESTAMP", ColumnType::timestamp},
      {"DATE", ColumnType::date},       {"TIMESTAMP WITH TIME ZONE", ColumnType::timestamp_tz},
  };
  for (const auto& [sql, column_type] : known)
    if (sql == type) return {column_type, ""};
  if (type == "TINYINT" || type == "UTINYINT") return {ColumnType::int16, "SMALLINT"};
  if (type == "USMALLINT") return {ColumnType::int32, "INTEGER"};
  if (type == "UINTEGER" || type == "UBIGINT" || type == "HUGEINT" || type == "UHUGEINT")
    return {ColumnType::int64, "BIGINT"};
  if (type == "FLOAT" || type.starts_with("DECIMAL")) return {ColumnType::float64, "DOUBLE"};
  if (type.starts_with("TIMESTAMP")) return {ColumnType::timestamp, "TIMESTAMP"};
  if (type.ends_with("]") || type.starts_with("STRUCT") || type.starts_with("MAP") ||
      type.starts_with("UNION"))
    return {ColumnType::json, "JSON"};
  return {ColumnType::text, "VARCHAR"};
}

bool is_stamp(const std::string& column) {
  static constexpr std::array<std::string_view, 5> stamp = {row_column, "ce_source", "ce_epoch",
                                                            "ce_sequence", "ce_version"};
  return std::ranges::find(stamp, column) != stamp.end();
}

std::string without_end(std::string_view sql) {
  const size_t last = sql.find_last_not_of(" \t\r\n;");
  return std::string(sql.substr(0, last == std::string_view::npos ? 0 : last + 1));
}

}  // namespace

Result<Rewritten> rewrite(duckdb::Connection& connection, std::string_view sql) {
  std::string inner = without_end(sql);
  const json tree = HOLDFAST_TRY(parse_select(connection, inner));
  HOLDFAST_CHECKED(refuse_limits(tree["statements"][0]["node"]));
  std::vector<Described> columns = HOLDFAST_TRY(describe(connection, inner));
  if (!has_row_column(columns)) {
    inner = HOLDFAST_TRY(add_row_column(connection, tree));
    auto described = describe(connection, inner);
    if (!described)
      return fail(ErrorCode::invalid, std::string(row_hint) + ": " + described.error().message);
    columns = std::move(*described);
  }

  Rewritten result;
  std::set<std::string> names;
  result.sql = "SELECT " + std::string(row_column);
  for (const Described& column : columns) {
    if (!names.insert(column.name).second)
      return fail(ErrorCode::invalid, "the transform answers two columns named " + column.name +
                                          "; rename one of them");
    if (is_stamp(column.name)) continue;
    const Cast cast = cast_for(column.type);
    const std::string quoted = duckdb::quote_name(column.name);
    result.sql +=
        ", " +
        (cast.target.empty() ? quoted : "CAST(" + quoted + " AS " + cast.target + ") AS " + quoted);
    result.schema.push_back({column.name, cast.type});
  }
  if (result.schema.empty())
    return fail(ErrorCode::invalid, "the transform answers no column besides the stamp");
  result.sql += " FROM (" + inner + "\n)";
  return result;
}

}  // namespace holdfast::transform
