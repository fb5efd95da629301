#include "sink/postgres/store.h"

namespace holdfast::sink::postgres {

Result<Store> open_store(const PostgresSettings& settings, const event::Schema& schema) {
  Connection connection = HOLDFAST_TRY(Connection::open(settings.connection));
  // One at a time: CREATE ... IF NOT EXISTS fails when two do it at once.
  HOLDFAST_TRY(connection.run("BEGIN; SELECT pg_advisory_xact_lock(8027158319384129)"));
  HOLDFAST_CHECKED(Ledger::create_tables(connection));
  Table table = HOLDFAST_TRY(ensure_table(connection, settings, schema));
  Ledger ledger = HOLDFAST_TRY(Ledger::load(connection, settings.pipeline, settings.table));
  HOLDFAST_TRY(connection.run("COMMIT"));
  return Store{std::move(connection), std::move(table), std::move(ledger)};
}

}  // namespace holdfast::sink::postgres
