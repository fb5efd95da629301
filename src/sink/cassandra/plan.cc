#include "sink/cassandra/plan.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/planted_bug.h"
#include "sink/api/plan.h"
#include "sink/cassandra/cell.h"

namespace holdfast::sink {
namespace {

// Of the statements that go as one: a mutation has a bound on the server (16 MiB, usually).
constexpr size_t joined_statements_max = 64;
constexpr size_t joined_bytes_max = 32'768;

/// Statements of one partition become one request, of tables of one keyspace: the servers make one
/// change of them, whole or not at all, for little more than the cost of one statement. Partitions
/// are told apart by their tokens; should two share one, their statements go together as well, and
/// end together in the same outcome.
void join_partitions(std::vector<cql::Request>& requests) {
  struct Open {
    size_t index, bytes;
  };
  std::map<std::pair<int64_t, std::string_view>, Open> open;
  std::vector<cql::Request> joined;
  joined.reserve(requests.size());
  for (cql::Request& one : requests) {
    cql::Bound& bound = one.bound.front();
    const size_t bytes = bound.values.size();
    const auto [found, fresh] = open.try_emplace(
        {*one.token, bound.statement->variables.front().keyspace}, Open{joined.size(), bytes});
    cql::Request* to = fresh ? nullptr : &joined[found->second.index];
    if (to != nullptr && to->bound.size() < joined_statements_max &&
        found->second.bytes + bytes <= joined_bytes_max) {
      to->bound.push_back(std::move(bound));
      to->batch = cql::BatchKind::unlogged;
      found->second.bytes += bytes;
      continue;
    }
    found->second = {joined.size(), bytes};
    joined.push_back(std::move(one));
  }
  requests = std::move(joined);
}

int badness(Outcome outcome) {
  switch (outcome) {
    case Outcome::unavailable:
      return 1;
    case Outcome::unknown:
      return 2;
    case Outcome::rejected:
      return 3;
    default:
      return 0;
  }
}

class Planner {
 public:
  Planner(const Batch& batch, const std::vector<TableMapping>& mapping,
          const CassandraSettings& settings, const Ledger* ledger, int64_t now_us)
      : batch_(batch),
        mapping_(mapping),
        settings_(settings),
        ledger_(ledger),
        ahead_us_(now_us + settings.ahead_max_us) {}

  WritePlan plan() {
    plan_.outcomes.assign(batch_.entries.size(), Outcome::applied);
    plan_.requests.reserve(batch_.entries.size());
    for (uint32_t i = 0; i < batch_.entries.size(); ++i) {
      const Entry& entry = batch_.entries[i];
      if (entry.row < 0) continue;
      if (!is_new(entry)) {
        plan_.outcomes[i] = Outcome::superseded;
        continue;
      }
      if constexpr (planted_bug == PlantedBug::lose_event)
        if (strike(entry)) continue;
      add(i, entry);
    }
    if (!plan_.refusals.empty()) refuse();
    return std::move(plan_);
  }

 private:
  bool is_new(const Entry& entry) {
    if (ledger_ == nullptr) return true;
    if (last_ == nullptr || last_->source != entry.source || last_->epoch != entry.epoch) {
      const std::pair stream(batch_.sources[entry.source], entry.epoch);
      fresh_ = &plan_.applied[stream];
      const auto found = ledger_->applied().find(stream);
      before_ = found == ledger_->applied().end() ? nullptr : &found->second;
    }
    last_ = &entry;
    if (before_ != nullptr && before_->contains(entry.sequence)) return false;
    return fresh_->add(entry.sequence);
  }

  void add(uint32_t index, const Entry& entry) {
    if (entry.version > ahead_us_)
      return refuse_one(index, "version_ahead", "its version is too far ahead of the clock");
    auto requests = requests_of(mapping_, row_source(batch_, entry), entry.deletion);
    if (!requests)
      return refuse_one(index,
                        requests.error().code == ErrorCode::not_found ? "no_table" : "conversion",
                        requests.error().message);
    if (settings_.atomic && requests->size() > 1) {
      cql::Request whole = std::move(requests->front());
      for (size_t i = 1; i < requests->size(); ++i)
        whole.bound.push_back(std::move((*requests)[i].bound.front()));
      requests->clear();
      requests->push_back(std::move(whole));
    } else if (requests->size() > 1) {
      join_partitions(*requests);
    }
    for (cql::Request& request : *requests) {
      request.consistency = settings_.write;
      plan_.requests.push_back(std::move(request));
      plan_.entry_of.push_back(index);
    }
  }

  void refuse_one(uint32_t index, std::string code, std::string message) {
    plan_.outcomes[index] = Outcome::rejected;
    plan_.refusals.push_back({index, {std::move(code), std::move(message)}});
  }

  void refuse() {
    plan_.requests.clear();
    plan_.entry_of.clear();
    for (Outcome& outcome : plan_.outcomes)
      if (outcome != Outcome::rejected) outcome = Outcome::unavailable;
  }

  const Batch& batch_;
  const std::vector<TableMapping>& mapping_;
  const CassandraSettings& settings_;
  const Ledger* ledger_;
  const int64_t ahead_us_;
  const Entry* last_ = nullptr;
  SequenceSet* fresh_ = nullptr;
  const SequenceSet* before_ = nullptr;
  WritePlan plan_;
};

}  // namespace

Result<size_t> each_target(
    const std::vector<TableMapping>& mapping, const RowSource& from,
    const std::function<Status(const TableMapping&, const RowSource&)>& each) {
  size_t tables = 0;
  for (const TableMapping& table : mapping) {
    if (!holds(table.when, from.rows, from.row)) continue;
    ++tables;
    if (!table.fan_out) {
      HOLDFAST_CHECKED(each(table, from));
      continue;
    }
    const event::Column& list = from.rows.column(*table.fan_out);
    if (list.is_null(from.row)) continue;
    RowSource one = from;
    for (const std::string& element : HOLDFAST_TRY(list_elements(list.text(from.row)))) {
      one.element = &element;
      HOLDFAST_CHECKED(each(table, one));
    }
  }
  return tables;
}

Result<std::vector<cql::Request>> requests_of(const std::vector<TableMapping>& mapping,
                                              const RowSource& from, bool deletion) {
  std::vector<cql::Request> requests;
  const auto add = [&](const TableMapping& table, const RowSource& one) -> Status {
    const bool remove =
        deletion || (!table.delete_when.empty() && holds(table.delete_when, one.rows, one.row));
    requests.push_back(HOLDFAST_TRY(make_write(table, one, remove)));
    return {};
  };
  const size_t tables = HOLDFAST_TRY(each_target(mapping, from, add));
  if (tables == 0) return fail(ErrorCode::not_found, "no table is meant for this event");
  return requests;
}

WritePlan plan_write(const Batch& batch, const std::vector<TableMapping>& mapping,
                     const CassandraSettings& settings, const Ledger* ledger, int64_t now_us) {
  return Planner(batch, mapping, settings, ledger, now_us).plan();
}

Outcome outcome_of(cql::Certainty certainty) {
  if (certainty == cql::Certainty::not_applied) return Outcome::unavailable;
  return certainty == cql::Certainty::refused ? Outcome::rejected : Outcome::unknown;
}

bool worse_outcome(Outcome a, Outcome b) {
  return badness(a) < badness(b);
}

}  // namespace holdfast::sink
