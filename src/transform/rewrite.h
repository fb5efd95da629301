#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "duckdb/duckdb.h"
#include "event/rows.h"

namespace holdfast::transform {

/// The column of `events` that tells rows of one micro-batch apart. It must reach the result, so
/// that each row is known to belong to its event.
inline constexpr std::string_view row_column = "ce_row";

/// A user's SELECT, made ready to run.
struct Rewritten {
  std::string
      sql;  // answers `ce_row` first, then the columns of `schema`, in types that sinks know
  event::Schema schema;  // without the stamp, which sinks keep by themselves
};

/// Adds `ce_row` to a plain SELECT that lacks it, leaves the stamp columns out, and casts types
/// that sinks do not know. `invalid` when the text is not one SELECT, when it limits, groups or
/// de-duplicates rows without carrying `ce_row`, or when two columns have one name. The tables that
/// it reads must exist in `connection`.
Result<Rewritten> rewrite(duckdb::Connection& connection, std::string_view sql);

}  // namespace holdfast::transform
