#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sink/api/sequence_set.h"
#include "sink/api/sink.h"
#include "sink/cassandra/cql/session.h"

namespace holdfast::sink {

struct CassandraSettings;

/// The tables that stand beside the rows: where the pipeline is in each partition, which sequences
/// are applied, which were filtered. All rows of one (pipeline, target) share their partition key,
/// so that a change of several of them is one mutation: whole or not at all.
///
/// Intervals of two processes may overlap in the store; they are joined when they are read. What is
/// there was applied, always; what was applied may be missing there, and is then applied again,
/// which changes nothing.
///
/// Changed in memory first, then stored. When that fails, throw it away and load again.
class Ledger {
 public:
  struct Place {
    std::string keyspace, pipeline, target;
    std::vector<std::string> also_targets = {};  // read with it
    cql::Consistency write = cql::Consistency::local_quorum;
    cql::Consistency read = cql::Consistency::local_quorum;
  };
  using Sets = std::map<std::pair<std::string, int64_t>, SequenceSet>;

  /// Creates the tables where missing.
  static Status create_tables(cql::Session& session, const std::string& keyspace);
  /// `not_found` when the tables are not there.
  static Result<Ledger> load(cql::Session& session, const Place& place);

  const Positions& positions() const { return positions_; }
  const Sets& filtered() const { return sets_[1]; }
  const Sets& applied() const { return sets_[0]; }
  SequenceSet& applied(const std::string& source, int64_t epoch) {
    return sets_[0][{source, epoch}];
  }
  SequenceSet& filtered(const std::string& source, int64_t epoch) {
    return sets_[1][{source, epoch}];
  }
  /// Writes what changed, and the positions.
  std::expected<void, cql::Failure> store(cql::Session& session, const Positions& upto);

 private:
  struct Statements {
    cql::Statement position;
    cql::Statement put[2], remove[2];  // of the applied, of the filtered
  };
  Status prepare(cql::Session& session);
  Status load_positions(cql::Session& session);
  Status load_set(cql::Session& session, size_t kind);
  cql::Bound bind(const cql::Statement& statement, int64_t stamp_us, bool stamp_first,
                  std::string_view name, std::initializer_list<int64_t> numbers,
                  bool first_is_int = false) const;
  std::vector<cql::Bound> changes(const Positions& upto, int64_t stamp_us);

  Place place_;
  Statements statements_;
  Positions positions_;
  Sets sets_[2];
  int64_t last_stamp_us_ = 0;  // of the ledger's own cells: they are ordered by the writer
};

Ledger::Place ledger_place(const CassandraSettings& settings);

}  // namespace holdfast::sink
