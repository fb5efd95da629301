#pragma once

#include "sink/postgres/ledger.h"
#include "sink/postgres/table.h"

namespace holdfast::sink::postgres {

/// An open connection with the tables in place and the ledger loaded.
struct Store {
  Connection connection;
  Table table;
  Ledger ledger;
};

/// Connects and makes what is missing, in one transaction.
Result<Store> open_store(const PostgresSettings& settings, const event::Schema& schema);

}  // namespace holdfast::sink::postgres
