#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "duckdb/duckdb.h"
#include "sink/api/sequence_set.h"
#include "sink/api/sink.h"

namespace holdfast::sink {

/// The tables that stand beside the rows: where the pipeline is in each partition, which sequences
/// are applied, which were filtered. Loaded into memory; changed in memory first and then, by
/// `store`, inside the caller's transaction. When that transaction does not commit, throw the
/// ledger away and load it again.
class DuckdbLedger {
 public:
  /// Creates the tables where missing. Not inside a transaction with data.
  static Status create_tables(duckdb::Connection& connection);
  static Result<DuckdbLedger> load(duckdb::Connection& connection, const std::string& pipeline,
                                   const std::string& table);

  const Positions& positions() const { return positions_; }
  StreamSets& applied() { return sets_[0]; }
  StreamSets& filtered() { return sets_[1]; }

  /// Writes what changed, and the positions.
  Status store(duckdb::Connection& connection, const Positions& upto);

 private:
  struct Statements {
    duckdb::Statement update_position, insert_position;
    duckdb::Statement extend[2], remove[2];  // of the applied, of the filtered
  };
  DuckdbLedger(Statements statements, std::string pipeline, std::string table)
      : statements_(std::move(statements)),
        pipeline_(std::move(pipeline)),
        table_(std::move(table)) {}
  Status load_positions(duckdb::Connection& connection);
  Status load_sets(duckdb::Connection& connection, size_t kind);
  Status store_positions(const Positions& upto);
  struct NewInterval {
    std::string_view source;
    int64_t epoch;
    Interval interval;
  };
  Status store_set(size_t kind, const std::string& source, int64_t epoch, SequenceSet& set,
                   std::vector<NewInterval>& fresh);
  Status append(duckdb::Connection& connection, size_t kind, const std::vector<NewInterval>& fresh);
  Status run(duckdb::Statement& statement, std::string_view name,
             std::initializer_list<int64_t> numbers);

  Statements statements_;
  std::string pipeline_, table_;
  Positions positions_;
  StreamSets sets_[2];
};

/// The positions alone, for readers.
Result<Positions> read_positions(duckdb::Connection& connection, const std::string& pipeline,
                                 const std::string& table);

}  // namespace holdfast::sink
