#pragma once

#include <duckdb.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "duckdb/duckdb.h"

/// Owners of DuckDB's C handles. Inside this folder only.
namespace holdfast::duckdb {

struct Database::Impl {
  duckdb_database handle = nullptr;
  ~Impl() { duckdb_close(&handle); }
};

struct Connection::Impl {
  std::shared_ptr<Database::Impl> database;
  duckdb_connection handle = nullptr;
  ~Impl() { duckdb_disconnect(&handle); }
};

struct Statement::Impl {
  duckdb_prepared_statement handle = nullptr;
  std::vector<ColumnInfo> columns;
  ~Impl() { duckdb_destroy_prepare(&handle); }
};

struct Cursor::Impl {
  duckdb_result handle = {};
  std::vector<ColumnInfo> columns;
  ~Impl() { duckdb_destroy_result(&handle); }
};

/// An error of ours from DuckDB's message, which begins with the kind of the error.
std::unexpected<Error> fail_with(const char* message);
ErrorCode classify(std::string_view message);

/// Our type for DuckDB's, and the name for messages.
ColumnInfo describe(const char* name, duckdb_type type);
duckdb_type physical(Type type);

/// Takes over the result of a call that answered `state`.
Result<Cursor> take_result(duckdb_state state, duckdb_result& result);

}  // namespace holdfast::duckdb
