#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sink/api/sequence_set.h"
#include "sink/api/sink.h"
#include "sink/cassandra/ledger.h"
#include "sink/cassandra/mapping.h"

namespace holdfast::sink {

/// What a batch becomes before anything is sent: so that an event that can never be written is
/// known while nothing has changed.
struct WritePlan {
  std::vector<cql::Request> requests;
  std::vector<uint32_t> entry_of;          // each request's entry
  std::vector<Outcome> outcomes;           // what they are if all goes well
  std::vector<Written::Refusal> refusals;  // not empty: send nothing
  std::map<std::pair<std::string, int64_t>, SequenceSet> applied;
};

/// `ledger`: nothing, when the batch is to be written whatever was written before.
WritePlan plan_write(const Batch& batch, const std::vector<TableMapping>& mapping,
                     const CassandraSettings& settings, const Ledger* ledger, int64_t now_us);

/// One event's requests, in the order of the tables. `invalid` with why; `not_found` when no table
/// is meant for it.
Result<std::vector<cql::Request>> requests_of(const std::vector<TableMapping>& mapping,
                                              const RowSource& from, bool deletion);
/// Calls back for each table that is meant for the event, and each element of its list. Answers how
/// many tables that were.
Result<size_t> each_target(
    const std::vector<TableMapping>& mapping, const RowSource& from,
    const std::function<Status(const TableMapping&, const RowSource&)>& each);

Outcome outcome_of(cql::Certainty certainty);
/// An order of how bad: applied, unavailable, unknown, rejected.
bool worse_outcome(Outcome a, Outcome b);

}  // namespace holdfast::sink
