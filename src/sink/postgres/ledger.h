#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sink/api/sequence_set.h"
#include "sink/api/sink.h"
#include "sink/postgres/connection.h"

namespace holdfast::sink::postgres {

/// The tables that stand beside the rows: where the pipeline is in each partition, which sequences
/// are applied, which were filtered. A copy in memory, changed first and then, by `store`, inside
/// the caller's transaction. `revision` tells whether the copy is still what the database has: each
/// writer locks that number at the beginning of its transaction and raises it at the end. When the
/// transaction does not commit, throw the copy away.
class Ledger {
 public:
  static Status create_tables(Connection& connection);
  static Result<Ledger> load(Connection& connection, const std::string& pipeline,
                             const std::string& table);
  /// A statement that begins a transaction and answers the revision, locked until its end.
  std::string begin_sql() const;

  int64_t revision() const { return revision_; }
  const Positions& positions() const { return positions_; }
  StreamSets& applied() { return sets_[0]; }
  StreamSets& filtered() { return sets_[1]; }

  /// Writes what changed, and the positions, in one round trip.
  Status store(Connection& connection, const Positions& upto);

 private:
  Ledger(std::string pipeline, std::string table)
      : pipeline_(std::move(pipeline)), table_(std::move(table)) {}
  Status load_sets(Connection& connection, size_t kind);
  void add_sets(size_t kind, std::string& sql);

  std::string pipeline_, table_;
  int64_t revision_ = 0;
  Positions positions_;
  StreamSets sets_[2];
};

/// The positions alone, for readers.
Result<Positions> read_positions(Connection& connection, const std::string& pipeline,
                                 const std::string& table);
/// " WHERE pipeline = ... AND target = ...".
std::string where(const std::string& pipeline, const std::string& table);

}  // namespace holdfast::sink::postgres
