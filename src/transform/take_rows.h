#pragma once

#include "duckdb/duckdb.h"
#include "event/rows.h"

namespace holdfast::transform {

/// Appends the rows of a result chunk to `rows`. Column i of `rows` is column `first_column + i` of
/// the chunk and has the type that `schema` says.
void take_rows(const duckdb::Chunk& chunk, size_t first_column, const event::Schema& schema,
               event::Rows& rows);

}  // namespace holdfast::transform
