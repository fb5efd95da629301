#include "sink/postgres/table.h"

#include <algorithm>

namespace holdfast::sink::postgres {
namespace {

using event::ColumnType;

/// The type to create, then the others whose binary form is the same.
std::vector<std::string> sql_types(ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return {"boolean"};
    case ColumnType::int16:
      return {"smallint"};
    case ColumnType::int32:
      return {"integer"};
    case ColumnType::int64:
      return {"bigint"};
    case ColumnType::float64:
      return {"double precision"};
    case ColumnType::text:
      return {"text", "character varying", "character"};
    case ColumnType::json:
      return {"jsonb", "json"};
    case ColumnType::timestamp:
      return {"timestamp without time zone"};
    case ColumnType::timestamp_tz:
      return {"timestamp with time zone"};
    case ColumnType::date:
      return {"date"};
  }
  return {"text"};
}

struct Wanted {
  std::string name;
  std::vector<std::string> types;
};

std::string join(const std::vector<std::string>& parts, std::string_view between = ", ") {
  std::string result;
  for (const std::string& part : parts)
    result += (result.empty() ? "" : std::string(between)) + part;
  return result;
}

std::vector<std::string> quoted(const std::vector<std::string>& names) {
  std::vector<std::string> result;
  for (const std::string& name : names) {
    std::string one = "\"";
    for (const char c : name) one += c == '"' ? std::string("\"\"") : std::string(1, c);
    result.push_back(one + "\"");
  }
  return result;
}

std::vector<Wanted> wanted_columns(const event::Schema& schema, bool keyed) {
  std::vector<Wanted> wanted;
  for (const event::ColumnSpec& column : schema)
    wanted.push_back({column.name, sql_types(column.type)});
  wanted.push_back({"ce_source", {"text"}});
  wanted.push_back({"ce_epoch", {"bigint"}});
  wanted.push_back({"ce_sequence", {"bigint"}});
  if (keyed) wanted.push_back({"ce_version", {"bigint"}});
  return wanted;
}

std::string definition(const std::vector<Wanted>& wanted) {
  std::vector<std::string> parts;
  for (const Wanted& column : wanted)
    parts.push_back(quoted({column.name}).front() + " " + column.types.front() +
                    (column.name.starts_with("ce_") ? " NOT NULL" : ""));
  return join(parts);
}

struct Found {
  std::string name, type;
};

Result<std::vector<Found>> columns_of(Connection& connection, const std::string& table) {
  const Answer answer = HOLDFAST_TRY(connection.run(
      "SELECT attname, CASE WHEN atttypid = 'bpchar'::regtype THEN 'character' WHEN atttypid = "
      "'varchar'::regtype THEN 'character varying' ELSE format_type(atttypid, NULL) END FROM "
      "pg_attribute WHERE attrelid = to_regclass(" +
      quote_text(table) + ") AND attnum > 0 AND NOT attisdropped ORDER BY attnum"));
  std::vector<Found> found;
  for (size_t i = 0; i < answer.rows(); ++i)
    found.push_back({std::string(answer.text(i, 0)), std::string(answer.text(i, 1))});
  return found;
}

Status check_columns(const std::string& table, const std::vector<Wanted>& wanted,
                     const std::vector<Found>& found) {
  std::vector<std::string> wrong;
  for (const Wanted& column : wanted) {
    const auto there = std::ranges::find(found, column.name, &Found::name);
    if (there == found.end())
      wrong.push_back("it lacks " + column.name + " " + column.types.front());
    else if (std::ranges::find(column.types, there->type) == column.types.end())
      wrong.push_back(column.name + " is " + there->type + " and must be " +
                      join(column.types, " or "));
  }
  if (wrong.empty()) return {};
  return fail(ErrorCode::invalid, "table " + table +
                                      " does not fit the pipeline: " + join(wrong, "; ") +
                                      ". Name another table, or change it by hand");
}

Status create(Connection& connection, const PostgresSettings& settings, const Table& table,
              const event::Schema& schema, const std::vector<Wanted>& wanted) {
  const bool keyed = !settings.key.empty();
  std::string sql = "CREATE TABLE " + table.name + "(" + definition(wanted);
  if (keyed) sql += ", PRIMARY KEY (" + join(table.keys) + ")";
  sql += ")";
  // For reading single events back: nearly free to keep, as sequences come in order.
  if (!keyed)
    sql += "; CREATE INDEX ON " + table.name +
           " USING brin (ce_sequence) WITH (pages_per_range = 32, autosummarize = on)";
  HOLDFAST_TRY(connection.run(sql));
  (void)schema;
  return {};
}

Status ensure_deletions(Connection& connection, const PostgresSettings& settings,
                        const Table& table, const event::Schema& schema) {
  std::vector<Wanted> wanted;
  for (const std::string& key : settings.key) {
    const auto column = std::ranges::find(schema, key, &event::ColumnSpec::name);
    if (column == schema.end())
      return fail(ErrorCode::invalid,
                  "the key names a column \"" + key + "\", which the pipeline does not make");
    wanted.push_back({key, sql_types(column->type)});
  }
  for (const Wanted& stamp : wanted_columns({}, true)) wanted.push_back(stamp);
  const auto found = HOLDFAST_TRY(columns_of(connection, table.deletions));
  if (!found.empty()) return check_columns(table.deletions, wanted, found);
  HOLDFAST_TRY(connection.run("CREATE TABLE " + table.deletions + "(" + definition(wanted) +
                              ", PRIMARY KEY (" + join(table.keys) + "))"));
  return {};
}

/// ON CONFLICT needs a unique index over just the key.
Status check_key(Connection& connection, const PostgresSettings& settings, const Table& table) {
  std::vector<std::string> key = settings.key;
  std::ranges::sort(key);
  std::vector<std::string> literals;
  for (const std::string& name : key) literals.push_back(quote_text(name));
  const Answer answer = HOLDFAST_TRY(connection.run(
      "SELECT count(*) FROM pg_index i WHERE i.indrelid = to_regclass(" + quote_text(table.name) +
      ") AND i.indisunique AND i.indpred IS NULL AND (SELECT array_agg(a.attname::text ORDER BY "
      "a.attname::text COLLATE \"C\") FROM pg_attribute a WHERE a.attrelid = i.indrelid AND "
      "a.attnum = ANY(i.indkey)) = ARRAY[" +
      join(literals) + "]::text[]"));
  if (answer.number(0, 0) > 0) return {};
  return fail(ErrorCode::invalid, "table " + table.name + " has no unique index over (" +
                                      join(table.keys) +
                                      "), which the key needs. Create one, or change the key");
}

std::string stage_columns(const Table& table, const std::vector<Found>& found,
                          const std::vector<std::string>& names) {
  (void)table;
  std::string result = "ord integer";
  const auto types = [&](const std::string& name) {
    const auto there = std::ranges::find(found, name, &Found::name);
    return there->type == "character" ? std::string("text") : there->type;
  };
  for (const std::string& name : names) result += ", " + quoted({name}).front() + " " + types(name);
  return result +
         ", ce_source text, ce_epoch bigint, ce_sequence bigint, ce_version bigint, "
         "ce_deletion boolean";
}

std::string same_key(const Table& table, const std::string& left, const std::string& right) {
  std::vector<std::string> parts;
  for (const std::string& key : table.keys)
    parts.push_back(left + "." + key + " = " + right + "." + key);
  return join(parts, " AND ");
}

std::string same_stamp(const std::string& left) {
  return left + ".ce_source = s.ce_source AND " + left + ".ce_epoch = s.ce_epoch AND " + left +
         ".ce_sequence = s.ce_sequence";
}

void make_keyed_statements(Table& table, const std::string& columns,
                           const std::vector<std::string>& all) {
  const std::string keys = join(table.keys);
  const std::string newest = "WITH newest AS (SELECT DISTINCT ON (" + keys +
                             ") * FROM holdfast_stage ORDER BY " + keys +
                             ", ce_version DESC, ord) ";
  std::vector<std::string> sets;
  for (const std::string& column : all)
    if (std::ranges::find(table.keys, column) == table.keys.end())
      sets.push_back(column + " = excluded." + column);
  const std::string older = "(SELECT FROM " + table.deletions + " d WHERE " +
                            same_key(table, "d", "n") + " AND d.ce_version >= n.ce_version)";
  table.apply[0] = newest + "INSERT INTO " + table.name + " AS t (" + columns + ") SELECT " +
                   columns + " FROM newest n WHERE NOT ce_deletion AND NOT EXISTS " + older +
                   " ON CONFLICT (" + keys + ") DO UPDATE SET " + join(sets) +
                   " WHERE excluded.ce_version > t.ce_version";
  const std::string marks = keys + ", ce_source, ce_epoch, ce_sequence, ce_version";
  table.apply[1] = newest + "INSERT INTO " + table.deletions + " AS t (" + marks + ") SELECT " +
                   marks + " FROM newest n WHERE ce_deletion AND NOT EXISTS (SELECT FROM " +
                   table.name + " t WHERE " + same_key(table, "t", "n") +
                   " AND t.ce_version >= n.ce_version) ON CONFLICT (" + keys +
                   ") DO UPDATE SET ce_source = excluded.ce_source, ce_epoch = excluded.ce_epoch, "
                   "ce_sequence = excluded.ce_sequence, ce_version = excluded.ce_version WHERE "
                   "excluded.ce_version > t.ce_version";
  table.apply[2] = newest + "DELETE FROM " + table.name +
                   " t USING newest n WHERE n.ce_deletion AND " + same_key(table, "t", "n") +
                   " AND t.ce_version < n.ce_version";
  const auto exists = [&](const std::string& where, const std::string& condition) {
    return "EXISTS (SELECT FROM " + where + " t WHERE " + same_key(table, "t", "s") + " AND " +
           condition + ")";
  };
  const std::string held =
      exists(table.name, same_stamp("t")) + " OR " + exists(table.deletions, same_stamp("t"));
  table.not_applied = "SELECT s.ord FROM holdfast_stage s WHERE NOT (" + held + ")";
  table.confirm = "SELECT s.ord, CASE WHEN " + held +
                  " THEN 0 ELSE 1 END FROM holdfast_stage s WHERE " + held + " OR " +
                  exists(table.name, "t.ce_version >= s.ce_version") + " OR " +
                  exists(table.deletions, "t.ce_version >= s.ce_version");
}

}  // namespace

Result<Table> ensure_table(Connection& connection, const PostgresSettings& settings,
                           const event::Schema& schema) {
  Table table;
  const bool keyed = !settings.key.empty();
  table.name = quote_name(settings.table);
  table.deletions = quote_name(settings.table + "_deletions");
  table.keys = quoted(settings.key);
  const std::vector<Wanted> wanted = wanted_columns(schema, keyed);
  auto found = HOLDFAST_TRY(columns_of(connection, table.name));
  if (keyed) HOLDFAST_CHECKED(ensure_deletions(connection, settings, table, schema));
  if (found.empty()) {
    HOLDFAST_CHECKED(create(connection, settings, table, schema, wanted));
    found = HOLDFAST_TRY(columns_of(connection, table.name));
  }
  HOLDFAST_CHECKED(check_columns(table.name, wanted, found));
  if (keyed) HOLDFAST_CHECKED(check_key(connection, settings, table));

  std::vector<std::string> names, all;
  for (const Wanted& column : wanted) all.push_back(quoted({column.name}).front());
  for (const event::ColumnSpec& column : schema) names.push_back(column.name);
  table.columns = schema.size();
  table.jsonb = std::make_unique<bool[]>(schema.size() + 1);
  for (size_t i = 0; i < schema.size(); ++i)
    table.jsonb[i] = std::ranges::find(found, names[i], &Found::name)->type == "jsonb";
  table.copy_rows = "COPY " + table.name + " (" + join(all) + ") FROM STDIN (FORMAT binary)";
  table.copy_stage = "COPY holdfast_stage FROM STDIN (FORMAT binary)";
  if (keyed) {
    make_keyed_statements(table, join(all), all);
  } else {
    table.confirm =
        "SELECT s.ord, 0 FROM holdfast_stage s JOIN " + table.name + " t ON " + same_stamp("t") +
        " WHERE t.ce_sequence BETWEEN (SELECT min(ce_sequence) FROM holdfast_stage) AND "
        "(SELECT max(ce_sequence) FROM holdfast_stage)";
  }
  HOLDFAST_TRY(connection.run("CREATE TEMP TABLE IF NOT EXISTS holdfast_stage(" +
                              stage_columns(table, found, names) + ") ON COMMIT DELETE ROWS"));
  return table;
}

}  // namespace holdfast::sink::postgres
