#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/rows.h"
#include "sink/api/sink.h"
#include "sink/postgres/connection.h"

namespace holdfast::sink {

struct PostgresSettings {
  postgres::ConnectionSettings connection = {};
  std::string table = {};             // "flights" or "schema.flights"
  std::vector<std::string> key = {};  // columns; empty: one row for each event
  std::string pipeline = {};          // whose positions: part of their key, with `table`
};

/// A table of a PostgreSQL database as a sink. Rows, positions, the applied sequences and the
/// filtered ones change in one transaction.
///
/// Without a key each event is a row of its own. With a key a row is the newest version of its key:
/// an older event changes nothing and is `superseded`, in any order; a deletion removes the row and
/// leaves its version in TABLE_deletions, so that no older event brings the row back.
///
/// Several processes may write for the same pipeline and table (a pipeline and a repair): they take
/// turns by transaction, and whoever finds the positions moved by somebody else stops with
/// `unavailable`, so that it asks for them again.
class PostgresSink : public Sink {
 public:
  /// Connects, and creates the tables where missing. `invalid` when the table is there with other
  /// columns (the message names them).
  static Result<std::unique_ptr<PostgresSink>> open(const PostgresSettings& settings,
                                                    const event::Schema& schema);
  ~PostgresSink() override;

  Result<Positions> positions() override;
  Written write(const Batch& batch) override;
  HealthReport health() const override;
  Result<std::vector<Held>> confirm(const Batch& batch) override;
  Result<std::unique_ptr<Reader>> reader() override;

 private:
  struct Impl;
  explicit PostgresSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The audit's reader, with a connection of its own. `not_found` when no pipeline has written the
/// table yet.
Result<std::unique_ptr<Reader>> open_postgres_reader(const PostgresSettings& settings);

}  // namespace holdfast::sink
