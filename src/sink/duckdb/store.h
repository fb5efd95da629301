#pragma once

#include <optional>
#include <string>

#include "duckdb/duckdb.h"
#include "event/rows.h"
#include "sink/duckdb/duckdb_sink.h"
#include "sink/duckdb/ledger.h"

namespace holdfast::sink {

/// An open warehouse file with its tables in place and its ledger loaded.
struct DuckdbStore {
  duckdb::Connection connection;
  DuckdbLedger ledger;  // its statements live in the connection
};

/// Opens or creates the file and its tables. A file that is damaged is set aside first; `set_aside`
/// is then its new name. Creating tables is never mixed with data in one transaction, and is
/// checkpointed, so that no crash has to replay it.
Result<DuckdbStore> open_store(const DuckdbSettings& settings, const event::Schema& schema,
                               std::optional<std::string>& set_aside);

}  // namespace holdfast::sink
