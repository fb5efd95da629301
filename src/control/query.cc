#include "control/query.h"

#include "duckdb/duckdb.h"

namespace holdfast::control {

Result<std::string> query_text(const std::string& file, const std::string& sql) {
  auto database = HOLDFAST_TRY(duckdb::Database::open({.path = file, .read_only = true}));
  auto connection = HOLDFAST_TRY(database.connect());
  return connection.query_text(sql);
}

}  // namespace holdfast::control
