#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sink/postgres/connection.h"
#include "sink/postgres/postgres_sink.h"

namespace holdfast::sink::postgres {

/// The statements for one table. Made once for a connection.
struct Table {
  std::string name;               // quoted
  std::string deletions;          // quoted: keys that were deleted, with their versions
  std::vector<std::string> keys;  // quoted; empty: the table has no key
  std::unique_ptr<bool[]> jsonb;  // of each column
  size_t columns = 0;

  std::string copy_rows;    // COPY straight into the table
  std::string copy_stage;   // COPY into the staging table
  std::string apply[3];     // of a staged batch: rows; deletions; rows that are deleted by them
  std::string not_applied;  // numbers of staged entries that are not what their key has now
  std::string confirm;  // number and answer (0 present, 1 superseded) of the entries that are held

  std::span<const bool> json_binary() const { return {jsonb.get(), columns}; }
};

/// Creates the tables where missing, or checks that they have just these columns. `invalid`, naming
/// the columns, when they have not.
Result<Table> ensure_table(Connection& connection, const PostgresSettings& settings,
                           const event::Schema& schema);

}  // namespace holdfast::sink::postgres
