// Runs simulations of the broker: simulate [--seeds N] [--from S] [--minutes M] [--without
// PART,PART]
// [--trace]. A seed that fails is named with what was found; the same seed and the same
// commit give the same run. Exit: 0 all went well, 1 something was found, 2 wrong arguments.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <vector>

#include "base/log_line.h"
#include "testing/simulation/simulation.h"

namespace holdfast::simulation {
namespace {

struct Arguments {
  uint64_t seeds = 20;
  uint64_t from = 1;
  int64_t minutes = 0;               // of real time, at most; 0: no matter
  std::vector<std::string> without;  // parts of the plan that are left out
  bool trace = false;
  bool twice = false;  // each seed, and compares
  /// The broker has a planted bug, which leads to findings of this kind, perhaps among others: goes
  /// on until a seed has one.
  std::string must_find;
};

std::vector<std::string> words_of(const char* list) {
  std::vector<std::string> words;
  std::stringstream names(list);
  for (std::string word; std::getline(names, word, ',');) words.push_back(word);
  return words;
}

bool read_arguments(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--trace") {
      arguments.trace = true;
    } else if (name == "--twice") {
      arguments.twice = true;
    } else if (i + 1 < argc && name == "--must-find") {
      arguments.must_find = argv[++i];
    } else if (i + 1 < argc && name == "--without") {
      arguments.without = words_of(argv[++i]);
    } else if (i + 1 < argc && (name == "--seeds" || name == "--from" || name == "--minutes")) {
      const uint64_t value = std::strtoull(argv[++i], nullptr, 10);
      if (name == "--seeds") arguments.seeds = value;
      if (name == "--from") arguments.from = value;
      if (name == "--minutes") arguments.minutes = static_cast<int64_t>(value);
    } else {
      return false;
    }
  }
  return true;
}

Plan plan_for(uint64_t seed, const std::vector<std::string>& without) {
  Plan plan = plan_of(seed);
  for (const std::string& part : without) plan.leave_out(part);
  return plan;
}

void print_findings(const Outcome& outcome) {
  for (const Violation& violation : outcome.violations)
    std::printf("  violation: %s: %s\n", name(violation.kind), violation.text.c_str());
  size_t left = 10;
  for (const auto& finding : outcome.report.findings) {
    if (left-- == 0) break;
    std::printf("  %s: value %llu, partition %u at %lld: %s\n", history::name(finding.kind),
                static_cast<unsigned long long>(finding.value), finding.partition,
                static_cast<long long>(finding.offset), finding.text.c_str());
  }
  if (outcome.report.found > 10)
    std::printf("  and %llu more\n", static_cast<unsigned long long>(outcome.report.found - 10));
}

/// Leaves out of the plan, one after the other, what is not needed for the failure.
void print_failure(uint64_t seed, const Outcome& outcome, std::vector<std::string> without) {
  std::printf("seed %llu FAILED at commit %s\n  plan: %s\n", static_cast<unsigned long long>(seed),
              HOLDFAST_COMMIT, outcome.plan.text().c_str());
  print_findings(outcome);
  std::fflush(stdout);
  Plan plan = outcome.plan;
  for (const std::string_view part : parts_of_a_plan()) {
    Plan smaller = plan;
    if (!smaller.leave_out(part) || simulate(seed, smaller, false).well()) continue;
    plan = smaller;
    without.emplace_back(part);
  }
  std::string names;
  for (const std::string& part : without) names += (names.empty() ? "" : ",") + part;
  std::printf("  it needs only: %s\n  again: make sim SEEDS=1 FROM=%llu TRACE=1%s%s\n",
              plan.text().c_str(), static_cast<unsigned long long>(seed),
              names.empty() ? "" : " WITHOUT=", names.c_str());
}

struct Sums {
  uint64_t runs = 0, failed = 0, starts = 0, compared = 0, faults = 0, acknowledged = 0, seen = 0,
           transactions = 0, positions = 0, cleanings = 0;
  int64_t simulated_us = 0;

  void add(const Outcome& outcome) {
    ++runs;
    failed += !outcome.well();
    starts += outcome.broker_starts;
    compared += outcome.states_compared;
    faults += outcome.faults;
    acknowledged += outcome.report.acknowledged;
    seen += outcome.report.seen;
    transactions += outcome.transactions;
    positions += outcome.positions;
    cleanings += outcome.cleanings;
    simulated_us += outcome.simulated_us;
  }
  void print(uint64_t from) const {
    std::printf(
        "%llu seeds from %llu, %.1f simulated hours: %llu failed; %llu broker starts (%llu states "
        "compared), %llu faults, "
        "%llu records acknowledged, %llu read, %llu transactions and %llu positions committed, "
        "%llu cleanings\n",
        static_cast<unsigned long long>(runs), static_cast<unsigned long long>(from),
        static_cast<double>(simulated_us) / 3.6e9, static_cast<unsigned long long>(failed),
        static_cast<unsigned long long>(starts), static_cast<unsigned long long>(compared),
        static_cast<unsigned long long>(faults), static_cast<unsigned long long>(acknowledged),
        static_cast<unsigned long long>(seen), static_cast<unsigned long long>(transactions),
        static_cast<unsigned long long>(positions), static_cast<unsigned long long>(cleanings));
  }
};

volatile uint64_t running_seed = 0;

/// A broken invariant ends the program: it must be known in which run.
void name_the_seed(int) {
  std::printf(
      "seed %llu at commit %s: the program ended by an invariant of its own, see standard error\n",
      static_cast<unsigned long long>(running_seed), HOLDFAST_COMMIT);
  std::fflush(stdout);
}

int run(const Arguments& arguments) {
  const auto begun = std::chrono::steady_clock::now();
  const auto over = [&] {
    return arguments.minutes > 0 &&
           std::chrono::steady_clock::now() - begun > std::chrono::minutes(arguments.minutes);
  };
  Sums sums;
  for (uint64_t seed = arguments.from; seed < arguments.from + arguments.seeds && !over(); ++seed) {
    running_seed = seed;
    const Plan plan = plan_for(seed, arguments.without);
    const Outcome outcome = simulate(seed, plan, arguments.trace);
    sums.add(outcome);
    if (outcome.kinds.contains(arguments.must_find)) {
      print_findings(outcome);
      std::printf("%s found with seed %llu, as it must be\n", arguments.must_find.c_str(),
                  static_cast<unsigned long long>(seed));
      return 0;
    }
    if (!outcome.well() && arguments.must_find.empty())
      print_failure(seed, outcome, arguments.without);
    if (arguments.twice && simulate(seed, plan, false).print != outcome.print) {
      std::printf("seed %llu: a second run went another way\n",
                  static_cast<unsigned long long>(seed));
      ++sums.failed;
    }
    std::fflush(stdout);
  }
  sums.print(arguments.from);
  return sums.failed == 0 && arguments.must_find.empty() ? 0 : 1;
}

}  // namespace
}  // namespace holdfast::simulation

int main(int argc, char** argv) {
  holdfast::simulation::Arguments arguments;
  if (!holdfast::simulation::read_arguments(argc, argv, arguments)) {
    std::fprintf(stderr,
                 "simulate [--seeds N] [--from SEED] [--minutes M] [--twice] [--must-find KIND] "
                 "[--without PART,PART] [--trace]\n");
    return 2;
  }
  if (!arguments.trace) holdfast::set_log_level(holdfast::LogLevel::off);
  std::signal(SIGABRT, holdfast::simulation::name_the_seed);
  return holdfast::simulation::run(arguments);
}
