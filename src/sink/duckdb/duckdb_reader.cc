#include "sink/duckdb/duckdb_reader.h"

#include <filesystem>

#include "sink/api/runs.h"
#include "sink/duckdb/duckdb_sink.h"
#include "sink/duckdb/ledger.h"

namespace holdfast::sink {
namespace {

using duckdb::Text;

std::string bounds(const Window& window) {
  std::string sql;
  if (!window.source.empty()) sql += " AND source = " + duckdb::quote_text(window.source);
  if (window.epoch >= 0) sql += " AND epoch = " + std::to_string(window.epoch);
  if (window.first > 0) sql += " AND last >= " + std::to_string(window.first);
  if (window.last < INT64_MAX) sql += " AND first <= " + std::to_string(window.last);
  return sql;
}

class DuckdbReader : public Reader {
 public:
  DuckdbReader(duckdb::Connection connection, const DuckdbSettings& settings)
      : connection_(std::move(connection)), settings_(settings) {}

  Status read_back(const Window& window, const VisitRuns& visit) override {
    return read(
        "SELECT ce_source, ce_epoch, ce_sequence, ce_sequence FROM (SELECT *, ce_source AS source, "
        "ce_epoch AS epoch, "
        "ce_sequence AS first, ce_sequence AS last FROM " +
            duckdb::quote_name(settings_.table) + ") WHERE true" + bounds(window),
        visit);
  }
  Status read_filtered(const Window& window, const VisitRuns& visit) override {
    return read("SELECT source, epoch, greatest(first, " + std::to_string(window.first) +
                    "::BIGINT), least(last, " + std::to_string(window.last) +
                    "::BIGINT) FROM holdfast_filtered WHERE pipeline = " +
                    duckdb::quote_text(settings_.pipeline) +
                    " AND target = " + duckdb::quote_text(settings_.table) + bounds(window),
                visit);
  }
  Result<Positions> positions() override {
    return read_positions(connection_, settings_.pipeline, settings_.table);
  }

 private:
  Status read(const std::string& sql, const VisitRuns& visit) {
    duckdb::Statement statement = HOLDFAST_TRY(connection_.prepare(sql));
    duckdb::Cursor cursor = HOLDFAST_TRY(statement.execute_streaming());
    Runs runs(visit);
    while (true) {
      const auto chunk = HOLDFAST_TRY(cursor.next());
      if (!chunk) return runs.flush();
      const Text* sources = chunk->column(0).as<Text>();
      const int64_t* epochs = chunk->column(1).as<int64_t>();
      const int64_t* firsts = chunk->column(2).as<int64_t>();
      const int64_t* lasts = chunk->column(3).as<int64_t>();
      for (size_t row = 0; row < chunk->rows(); ++row) {
        if (!chunk->column(0).valid(row) || !chunk->column(1).valid(row) ||
            !chunk->column(2).valid(row))
          return fail(ErrorCode::corrupt,
                      "table " + settings_.table +
                          " has a row without a stamp: it was not written by a pipeline");
        HOLDFAST_CHECKED(runs.add(sources[row].view(), epochs[row], firsts[row], lasts[row]));
      }
    }
  }

  duckdb::Connection connection_;
  DuckdbSettings settings_;
};

}  // namespace

std::unique_ptr<Reader> make_duckdb_reader(duckdb::Connection connection,
                                           const DuckdbSettings& settings) {
  return std::make_unique<DuckdbReader>(std::move(connection), settings);
}

Result<std::unique_ptr<Reader>> open_duckdb_reader(const DuckdbSettings& settings) {
  std::error_code ignored;
  if (!std::filesystem::exists(settings.path, ignored))
    return fail(ErrorCode::not_found, "there is no DuckDB file " + settings.path);
  duckdb::Settings open{
      .path = settings.path, .read_only = true, .memory_bytes_max = settings.memory_bytes_max};
  duckdb::Database database = HOLDFAST_TRY(duckdb::Database::open(open));
  duckdb::Connection connection = HOLDFAST_TRY(database.connect());
  const int64_t tables = HOLDFAST_TRY(
      connection.query_number("SELECT count(*) FROM duckdb_tables() WHERE database_name = "
                              "current_database() AND schema_name = 'main' AND table_name IN "
                              "('holdfast_positions', 'holdfast_filtered', " +
                              duckdb::quote_text(settings.table) + ")"));
  if (tables != 3)
    return fail(ErrorCode::not_found,
                "no pipeline has written the table " + settings.table + " into " + settings.path);
  return make_duckdb_reader(std::move(connection), settings);
}

}  // namespace holdfast::sink
