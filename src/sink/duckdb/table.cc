#include "sink/duckdb/table.h"

#include <algorithm>
#include <cstring>

namespace holdfast::sink {
namespace {

using duckdb::Text;
using duckdb::VectorWriter;
using event::Column;
using event::ColumnType;

const char* sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return "BOOLEAN";
    case ColumnType::int16:
      return "SMALLINT";
    case ColumnType::int32:
      return "INTEGER";
    case ColumnType::int64:
      return "BIGINT";
    case ColumnType::float64:
      return "DOUBLE";
    case ColumnType::text:
      return "VARCHAR";
    case ColumnType::json:
      return "JSON";
    case ColumnType::timestamp:
      return "TIMESTAMP";
    case ColumnType::timestamp_tz:
      return "TIMESTAMP WITH TIME ZONE";
    case ColumnType::date:
      return "DATE";
  }
  return "?";
}

/// "name TYPE" of each column.
std::vector<std::string> columns_of(const event::Schema& schema) {
  std::vector<std::string> columns;
  for (const event::ColumnSpec& column : schema)
    columns.push_back(duckdb::quote_name(column.name) + " " + sql_type(column.type));
  for (const char* stamp :
       {"\"ce_source\" VARCHAR", "\"ce_epoch\" BIGINT", "\"ce_sequence\" BIGINT"})
    columns.push_back(stamp);
  return columns;
}

std::string join(const std::vector<std::string>& parts) {
  std::string result;
  for (const std::string& part : parts) result += (result.empty() ? "" : ", ") + part;
  return result;
}

Result<std::vector<std::string>> existing_columns(duckdb::Connection& connection,
                                                  const std::string& table) {
  duckdb::Cursor cursor = HOLDFAST_TRY(
      connection.query("SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = "
                       "current_database() AND schema_name = 'main' AND "
                       "table_name = " +
                       duckdb::quote_text(table) + " ORDER BY column_index"));
  std::vector<std::string> columns;
  while (true) {
    const auto chunk = HOLDFAST_TRY(cursor.next());
    if (!chunk) return columns;
    for (size_t row = 0; row < chunk->rows(); ++row)
      columns.push_back(duckdb::quote_name(chunk->column(0).as<Text>()[row].view()) + " " +
                        std::string(chunk->column(1).as<Text>()[row].view()));
  }
}

std::string difference(const std::vector<std::string>& wanted,
                       const std::vector<std::string>& found) {
  std::vector<std::string> missing, extra;
  for (const std::string& column : wanted)
    if (std::ranges::find(found, column) == found.end()) missing.push_back(column);
  for (const std::string& column : found)
    if (std::ranges::find(wanted, column) == wanted.end()) extra.push_back(column);
  if (missing.empty() && extra.empty())
    return "the order differs: it is " + join(found) + ", and should be " + join(wanted);
  return (missing.empty() ? "" : "it lacks " + join(missing)) +
         (missing.empty() || extra.empty() ? "" : "; ") +
         (extra.empty() ? "" : "it has " + join(extra) + ", which the pipeline does not make");
}

/// One column of up to `rows_per_chunk` rows, of the entries' rows.
template <class T>
void fill_values(const Column& from, const Batch& batch, std::span<const uint32_t> entries,
                 VectorWriter& to) {
  const std::span<const T> values = from.values<T>();
  T* place = to.as<T>();
  const int32_t first = batch.entries[entries.front()].row;
  bool dense = true;  // as good as always: the rows in the order of their entries, none left out
  for (size_t i = 0; i < entries.size(); ++i)
    dense &= batch.entries[entries[i]].row == first + static_cast<int32_t>(i);
  if (dense) {
    std::memcpy(place, values.data() + first, entries.size() * sizeof(T));
    return;
  }
  for (size_t i = 0; i < entries.size(); ++i)
    place[i] = values[static_cast<size_t>(batch.entries[entries[i]].row)];
}

void fill_column(const Column& from, const Batch& batch, std::span<const uint32_t> entries,
                 VectorWriter to) {
  switch (event::width(from.type())) {
    case 1:
      fill_values<uint8_t>(from, batch, entries, to);
      break;
    case 2:
      fill_values<uint16_t>(from, batch, entries, to);
      break;
    case 4:
      fill_values<uint32_t>(from, batch, entries, to);
      break;
    case 8:
      fill_values<uint64_t>(from, batch, entries, to);
      break;
    default:
      for (size_t i = 0; i < entries.size(); ++i)
        to.as<Text>()[i] =
            Text::borrow(from.text(static_cast<size_t>(batch.entries[entries[i]].row)));
  }
  if (!from.has_nulls()) return;
  for (size_t i = 0; i < entries.size(); ++i)
    if (from.is_null(static_cast<size_t>(batch.entries[entries[i]].row))) to.set_null(i);
}

void fill_stamps(const Batch& batch, std::span<const uint32_t> entries, size_t first_column,
                 duckdb::Appender& to) {
  Text* sources = to.column(first_column).as<Text>();
  int64_t* epochs = to.column(first_column + 1).as<int64_t>();
  int64_t* sequences = to.column(first_column + 2).as<int64_t>();
  for (size_t i = 0; i < entries.size(); ++i) {
    const Entry& entry = batch.entries[entries[i]];
    sources[i] = Text::borrow(batch.sources[entry.source]);
    epochs[i] = entry.epoch;
    sequences[i] = entry.sequence;
  }
}

}  // namespace

Status ensure_table(duckdb::Connection& connection, const std::string& table,
                    const event::Schema& schema) {
  const std::vector<std::string> wanted = columns_of(schema);
  const std::vector<std::string> found = HOLDFAST_TRY(existing_columns(connection, table));
  if (found.empty())
    return connection.run("CREATE TABLE " + duckdb::quote_name(table) + "(" + join(wanted) + ")");
  if (found == wanted) return {};
  return fail(ErrorCode::invalid, "table " + table +
                                      " does not fit the pipeline: " + difference(wanted, found) +
                                      ". Name another table, or change it by hand");
}

Status append_rows(duckdb::Connection& connection, const std::string& table, const Batch& batch,
                   std::span<const uint32_t> entries) {
  if (entries.empty()) return {};
  duckdb::Appender appender = HOLDFAST_TRY(connection.appender(table));
  const size_t columns = batch.rows.columns();
  for (size_t begin = 0; begin < entries.size(); begin += duckdb::rows_per_chunk) {
    const auto part =
        entries.subspan(begin, std::min(entries.size() - begin, duckdb::rows_per_chunk));
    for (size_t i = 0; i < columns; ++i)
      fill_column(batch.rows.column(i), batch, part, appender.column(i));
    fill_stamps(batch, part, columns, appender);
    HOLDFAST_CHECKED(appender.append(part.size()));
  }
  return appender.close();
}

}  // namespace holdfast::sink
