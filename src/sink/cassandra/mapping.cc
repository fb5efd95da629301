#include "sink/cassandra/mapping.h"

#include <algorithm>
#include <fmt/format.h>

#include "sink/cassandra/cell.h"
#include "sink/cassandra/cql/rows.h"
#include "sink/cassandra/cql/value.h"
#include "sink/cassandra/names.h"

namespace holdfast::sink {
namespace {

constexpr std::pair<const char*, Binding::Kind> stamp_columns[] = {
    {"ce_source", Binding::source},
    {"ce_epoch", Binding::epoch},
    {"ce_sequence", Binding::sequence}};

/// A column of a table, as system_schema tells it.
struct TableColumn {
  std::string name, kind, type;
  int64_t position = 0;
};

/// Whether servers give a value of that type back byte by byte as they got it, out of a list too.
/// (Large numbers, addresses, sets and maps they bring into a form of their own.)
bool keeps_its_bytes(const cql::Type& type) {
  using cql::TypeCode;
  static constexpr TypeCode plain[] = {TypeCode::ascii,    TypeCode::varchar,   TypeCode::blob,
                                       TypeCode::bigint,   TypeCode::int_,      TypeCode::smallint,
                                       TypeCode::tinyint,  TypeCode::boolean,   TypeCode::uuid,
                                       TypeCode::timeuuid, TypeCode::timestamp, TypeCode::date,
                                       TypeCode::time};
  return std::ranges::find(plain, type.code) != std::end(plain);
}

class Compiler {
 public:
  Compiler(cql::Session& session, const CassandraSettings& settings, const event::Schema& schema,
           const CassandraTable& wanted)
      : session_(session),
        schema_(schema),
        wanted_(wanted),
        name_(table_name(settings, wanted.table)) {}

  Result<TableMapping> compile() {
    HOLDFAST_CHECKED(look_at_table());
    made_.when = HOLDFAST_TRY(conditions(wanted_.when));
    made_.delete_when = HOLDFAST_TRY(conditions(wanted_.delete_when));
    if (!wanted_.fan_out.empty()) made_.fan_out = HOLDFAST_TRY(field(wanted_.fan_out));
    HOLDFAST_CHECKED(bind());
    HOLDFAST_CHECKED(find_keys());
    HOLDFAST_CHECKED(prepare());
    return std::move(made_);
  }

 private:
  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(ErrorCode::invalid, fmt::format("table {}: {}", name_.text(), what));
  }

  Result<size_t> field(const std::string& name) {
    const auto found = std::ranges::find(schema_, name, &event::ColumnSpec::name);
    if (found == schema_.end()) return wrong(fmt::format("the events have no field \"{}\"", name));
    return static_cast<size_t>(found - schema_.begin());
  }

  Result<std::vector<Condition>> conditions(const std::map<std::string, std::string>& from) {
    std::vector<Condition> made;
    for (const auto& [name, value] : from) {
      const bool unequal = value.starts_with('!');
      made.push_back({HOLDFAST_TRY(field(name)), unequal ? value.substr(1) : value, unequal});
    }
    return made;
  }

  Status look_at_table() {
    const cql::Reply rows = HOLDFAST_TRY(
        ask_about(session_,
                  "SELECT column_name, kind, position, type FROM system_schema.columns WHERE "
                  "keyspace_name = ? AND table_name = ?",
                  name_));
    for (cql::RowCursor row(*rows); row.next();)
      columns_.push_back({*cql::text_of(row.at("column_name")), *cql::text_of(row.at("kind")),
                          *cql::text_of(row.at("type")), *cql::int_of(row.at("position"))});
    if (columns_.empty()) return wrong("there is no such table");
    for (const TableColumn& column : columns_) {
      if (column.type == "counter")
        return wrong("a counter would count a replay again; it cannot be a target");
    }
    return {};
  }

  Status bind() {
    std::map<std::string, std::string> mapped = wanted_.columns;
    if (mapped.empty())
      for (const event::ColumnSpec& spec : schema_) mapped[spec.name] = spec.name;
    for (const auto& [column, name] : mapped) {
      const size_t index = HOLDFAST_TRY(field(name));
      const bool element = made_.fan_out == index;
      HOLDFAST_CHECKED(bind_column(column, element ? Binding::element : Binding::field, index));
    }
    for (const auto& [column, kind] : stamp_columns)
      if (!mapped.contains(column)) HOLDFAST_CHECKED(bind_column(column, kind, 0));
    return {};
  }

  Status bind_column(const std::string& name, Binding::Kind kind, size_t index) {
    const auto column = std::ranges::find(columns_, name, &TableColumn::name);
    if (column == columns_.end()) {
      if (kind == Binding::field || kind == Binding::element)
        return wrong(fmt::format("there is no column \"{}\"", name));
      return wrong(
          fmt::format("the column {} is missing: each row says which event it is. ALTER TABLE {} "
                      "ADD (ce_source text, ce_epoch bigint, ce_sequence bigint)",
                      name, name_.text()));
    }
    if (column->type.starts_with("list<"))
      return wrong(
          fmt::format("column \"{}\" is a {}: a replay would add its elements again; make it a set "
                      "or a frozen<{}>",
                      name, column->type, column->type));
    made_.columns.push_back(
        {kind, index, name, {}, column->kind == "partition_key" || column->kind == "clustering"});
    return {};
  }

  Status find_keys() {
    std::vector<TableColumn> keys;
    for (const TableColumn& column : columns_)
      if (column.kind == "partition_key" || column.kind == "clustering") keys.push_back(column);
    std::ranges::sort(keys, [](const TableColumn& a, const TableColumn& b) {
      return std::pair(a.kind != "partition_key", a.position) <
             std::pair(b.kind != "partition_key", b.position);
    });
    for (const TableColumn& key : keys) {
      const auto found = std::ranges::find(made_.columns, key.name, &Binding::column);
      if (found == made_.columns.end())
        return wrong(fmt::format("no field is mapped to \"{}\" of the primary key", key.name));
      made_.stamp_is_key = made_.stamp_is_key || found->kind == Binding::sequence;
      const auto index = static_cast<size_t>(found - made_.columns.begin());
      made_.keys.push_back(index);
      if (key.kind == "partition_key") made_.routing.push_back(index);
    }
    return {};
  }

  Status prepare() {
    std::string names, marks, where;
    for (const Binding& column : made_.columns) {
      names += (names.empty() ? "" : ", ") + quote_name(column.column);
      marks += marks.empty() ? "?" : ", ?";
    }
    for (const size_t key : made_.keys)
      where += (where.empty() ? "" : " AND ") + quote_name(made_.columns[key].column) + " = ?";
    const std::string table = name_.quoted();
    made_.insert = HOLDFAST_TRY(session_.prepare("INSERT INTO " + table + " (" + names +
                                                 ") VALUES (" + marks + ") USING TIMESTAMP ?"));
    made_.remove = HOLDFAST_TRY(
        session_.prepare("DELETE FROM " + table + " USING TIMESTAMP ? WHERE " + where));
    made_.look_up =
        HOLDFAST_TRY(session_.prepare(std::string("SELECT ce_source, ce_epoch, ce_sequence") +
                                      (made_.stamp_is_key ? "" : ", WRITETIME(ce_sequence)") +
                                      " FROM " + table + " WHERE " + where));
    for (size_t i = 0; i < made_.columns.size(); ++i) {
      Binding& column = made_.columns[i];
      column.type = made_.insert->variables[i].type;
      const event::ColumnType from =
          column.kind == Binding::field ? schema_[column.index].type
          : column.kind == Binding::epoch || column.kind == Binding::sequence
              ? event::ColumnType::int64
              : event::ColumnType::text;
      if (!convertible(from, column.type))
        return wrong(fmt::format("column \"{}\" is {}, and {} values do not fit into that",
                                 column.column, cql::text_of(column.type), event::name(from)));
    }
    return prepare_look_up_many();
  }

  Status prepare_look_up_many() {
    if (made_.keys.size() > 1) return {};
    const Binding& key = made_.columns[made_.keys.front()];
    if (!keeps_its_bytes(key.type)) return {};
    const std::string name = quote_name(key.column);
    made_.look_up_many = HOLDFAST_TRY(session_.prepare(
        std::string("SELECT ") + (made_.stamp_is_key ? "" : "WRITETIME(ce_sequence), ") + name +
        " FROM " + name_.quoted() + " WHERE " + name + " IN ?"));
    return {};
  }

  cql::Session& session_;
  const event::Schema& schema_;
  const CassandraTable& wanted_;
  const TableName name_;
  std::vector<TableColumn> columns_;
  TableMapping made_;
};

}  // namespace

Result<std::vector<TableMapping>> compile_mapping(cql::Session& session,
                                                  const CassandraSettings& settings,
                                                  const event::Schema& schema) {
  std::vector<TableMapping> all;
  for (const CassandraTable& table : settings.tables)
    all.push_back(HOLDFAST_TRY(Compiler(session, settings, schema, table).compile()));
  return all;
}

}  // namespace holdfast::sink
