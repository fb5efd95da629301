#pragma once

#include <memory>
#include <set>

#include "duckdb/duckdb.h"
#include "sink/api/sink.h"
#include "sink/duckdb/duckdb_sink.h"

namespace holdfast::sink {

/// A reader over a connection of its own.
std::unique_ptr<Reader> make_duckdb_reader(duckdb::Connection connection,
                                           const DuckdbSettings& settings);

}  // namespace holdfast::sink
