#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "duckdb/duckdb.h"
#include "event/rows.h"
#include "sink/api/sink.h"

namespace holdfast::sink {

/// Creates the table for rows of this schema, with the stamp as its last columns; or checks that
/// the one that is there has just these. `invalid`, naming the columns, when it does not.
Status ensure_table(duckdb::Connection& connection, const std::string& table,
                    const event::Schema& schema);

/// Appends the rows of those entries of the batch whose numbers stand in `entries`. Inside the
/// connection's transaction.
Status append_rows(duckdb::Connection& connection, const std::string& table, const Batch& batch,
                   std::span<const uint32_t> entries);

}  // namespace holdfast::sink
