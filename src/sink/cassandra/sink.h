#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/rows.h"
#include "sink/api/sink.h"
#include "sink/cassandra/cql/session.h"

namespace holdfast::sink {

/// One statement (or one for each element of a list) that an event becomes.
struct CassandraTable {
  std::string table = {};  // "keyspace.table", or in the sink's keyspace
  /// Column of the table -> field of the event's row. Empty: every field goes to the column of its
  /// name. All columns of the primary key must be there.
  std::map<std::string, std::string> columns = {};
  /// The table is meant only for events whose fields have these values (as text); "!x": any other
  /// than x. Several: all of them.
  std::map<std::string, std::string> when = {};
  /// A field that holds a JSON list: one statement for each of its elements, which stands for the
  /// field wherever `columns` names it. An empty list or a null: none.
  std::string fan_out = {};
  /// Statements of this table are deletions for such events (beside those that say so themselves).
  std::map<std::string, std::string> delete_when = {};
};

struct CassandraSettings {
  cql::SessionSettings session = {};
  std::string keyspace = {};  // of the tables, and of the ledger
  std::string pipeline = {};  // whose positions
  std::string target =
      {};  // distinguishes several stores of one pipeline; default: the tables' names
  /// Other targets of the same pipeline whose claims count here too: their rows are in this data
  /// center as well. Only read.
  std::vector<std::string> also_targets = {};
  /// The target is a repair's own: batches that move no positions are noted in it.
  bool note_repairs = false;
  std::vector<CassandraTable> tables = {};
  cql::Consistency write = cql::Consistency::local_quorum;
  cql::Consistency read = cql::Consistency::local_quorum;
  /// How often what failed of a batch is sent again before the batch is given up, as long as each
  /// time some of it gets through: under load a few time out, and the rest need not go again.
  int again_max = 8;
  /// With more than one statement, an event's go as one logged batch.
  bool atomic = false;
  /// Makes the ledger's tables if they are missing. Tables of events are the user's own design.
  bool create_ledger = true;
  /// Versions further than this ahead of the clock are rejected: such a cell could not be written
  /// again for as long.
  int64_t ahead_max_us = 3'600'000'000;
};

/// Tables of an Apache Cassandra or ScyllaDB cluster as a sink. Every write is an upsert or a
/// deletion of whole rows by primary key USING TIMESTAMP the event's version, which was fixed at
/// capture: so the same batch again changes nothing, and an older event never beats a newer one, in
/// any order (a deletion beats a write of the same version; versions are unique per source).
///
/// Rows first, then the ledger: positions and the applied and filtered sequences, in tables beside
/// them. `write` looks into the ledger only for batches that move positions; a batch without any
/// (`upto` empty: a repair) is written whatever the ledger says, and noted only in a repair's own.
/// `positions` reads the ledger anew each time, so sinks of one pipeline on one cluster may take
/// turns when each asks its positions first.
///
/// NOT promised: that several tables change together (but with `atomic`); that an event that an
/// older one follows is told `superseded`: the servers do not say, so it is `applied`; ask
/// `confirm`. What one DC acknowledged at LOCAL_QUORUM reaches the others only by Cassandra's own
/// means or by a repair.
class CassandraSink : public Sink {
 public:
  /// `invalid` when a table, a column or a type does not fit, or anything about it is not
  /// idempotent (counters); the message names it. `unavailable` when no node can be reached.
  static Result<std::unique_ptr<CassandraSink>> open(const CassandraSettings& settings,
                                                     const event::Schema& schema);
  ~CassandraSink() override;

  Result<Positions> positions() override;
  Written write(const Batch& batch) override;
  HealthReport health() const override;
  /// Looks up each entry's rows by key, at `read`, in the session's data center. Several rows: the
  /// worst of them counts (missing, then superseded).
  Result<std::vector<Held>> confirm(const Batch& batch) override;
  bool hides_deletions() const override { return true; }
  /// The least `gc_grace_seconds` of its tables.
  Result<int64_t> remembers_deletions_us() override;
  Result<std::unique_ptr<Reader>> reader() override;

 private:
  struct Impl;
  explicit CassandraSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// What `holdfast check` can say of the settings without a server: names, conditions,
/// consistencies.
Status check_cassandra(const CassandraSettings& settings);

/// What only the servers know of them: whether the tables are there, and rows of `schema` fit into
/// them and may be replayed. Changes nothing.
Status check_cassandra_tables(const CassandraSettings& settings, const event::Schema& schema);

/// The audit's reader, without a sink. `not_found` when there is no ledger or table yet.
Result<std::unique_ptr<Reader>> open_cassandra_reader(const CassandraSettings& settings);

}  // namespace holdfast::sink
