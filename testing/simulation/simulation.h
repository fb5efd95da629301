#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "testing/history/findings.h"
#include "testing/simulation/scheduler.h"
#include "testing/simulation/world.h"

namespace holdfast::simulation {

/// What one run had in it, as the seed chose; a run has only some of the faults and some of the
/// clients, so that each gets to show itself without the others.
struct Plan {
  int64_t settle_after_ms = 60'000;  // the log's cleaner leaves a sealed segment alone
  int64_t work_us = 0;               // of simulated time, before everything is brought to an end
  uint64_t segment_bytes = 1 << 20;
  int producers = 0;
  int consumers = 0;
  bool compaction = false;
  bool retention = false;
  int transactors = 0;  // pairs of programs with one transactional id
  int groups = 0;       // of some members each
  int copiers = 0;      // likewise; they read what the transactors write
  int passing = 0;      // topics that are created, filled and deleted again and again

  bool kills = false;
  bool power_cuts = false;
  bool stops = false;
  bool io_errors = false;
  bool disk_full = false;
  bool slow_disk = false;
  bool cut_offs = false;  // clients cut off from the broker
  bool resets = false;
  bool slow_network = false;
  bool duplicates = false;
  bool clock_jumps = false;
  bool client_crashes = false;
  bool trims = false;  // DeleteRecords

  std::string text() const;
  /// Takes a kind of fault or of client out of the plan, by its name in `text`; false: it has none
  /// such.
  bool leave_out(std::string_view name);
};
Plan plan_of(uint64_t seed);
/// The names that `leave_out` knows.
std::vector<std::string_view> parts_of_a_plan();

struct Outcome {
  Plan plan;
  history::Report report;
  std::vector<Violation> violations;
  int64_t simulated_us = 0;
  uint64_t tasks = 0;
  uint64_t print = 0;  // equal for equal runs
  uint64_t broker_starts = 0;
  uint64_t states_compared = 0;
  uint64_t faults = 0;
  uint64_t transactions = 0;         // committed
  uint64_t positions = 0;            // that groups committed
  uint64_t cleanings = 0;            // jobs of the log's cleaner
  std::set<std::string> kinds = {};  // of violations and findings
  bool well() const { return violations.empty() && report.clean(); }
};

/// Runs the simulation that the seed describes, from beginning to end, with this plan, which is the
/// seed's own or a part of it. Nothing of it depends on anything else.
Outcome simulate(uint64_t seed, const Plan& plan, bool trace);

}  // namespace holdfast::simulation
