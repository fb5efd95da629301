#include <fmt/core.h>
#include <utility>

#include "testing/simulation/simulation.h"

namespace holdfast::simulation {
namespace {

struct Switch {
  std::string_view name;
  bool Plan::* on;
};
constexpr Switch switches[] = {{"kills", &Plan::kills},
                               {"power-cuts", &Plan::power_cuts},
                               {"stops", &Plan::stops},
                               {"io-errors", &Plan::io_errors},
                               {"disk-full", &Plan::disk_full},
                               {"slow-disk", &Plan::slow_disk},
                               {"cut-offs", &Plan::cut_offs},
                               {"resets", &Plan::resets},
                               {"slow-network", &Plan::slow_network},
                               {"duplicates", &Plan::duplicates},
                               {"clock-jumps", &Plan::clock_jumps},
                               {"client-crashes", &Plan::client_crashes},
                               {"trims", &Plan::trims},
                               {"compaction", &Plan::compaction},
                               {"retention", &Plan::retention}};

struct Number {
  std::string_view name;
  int Plan::* count;
};
constexpr Number numbers[] = {{"groups", &Plan::groups},           {"copiers", &Plan::copiers},
                              {"transactors", &Plan::transactors}, {"producers", &Plan::producers},
                              {"consumers", &Plan::consumers},     {"passing", &Plan::passing}};

}  // namespace

/// A run has some faults and some clients; now and then none, or all.
Plan plan_of(uint64_t seed) {
  Scheduler chance(seed * 0x9E3779B97F4A7C15u + 1);
  const int64_t mood = chance.below(10);
  const auto fault = [&] { return mood == 0 ? false : mood == 1 ? true : chance.one_in(3); };
  Plan plan;
  plan.work_us = chance.between(40, 240) * seconds;
  plan.segment_bytes = static_cast<uint64_t>(chance.between(1, 2)) << 20;
  plan.producers = static_cast<int>(chance.between(0, 3));
  plan.consumers = static_cast<int>(chance.between(1, 3));
  plan.compaction = chance.one_in(2);
  if (plan.producers == 0) plan.producers = 2;
  plan.transactors = static_cast<int>(chance.one_in(2) ? chance.between(1, 2) : 0);
  plan.copiers = chance.one_in(3) ? 1 : 0;
  plan.groups = chance.one_in(2) ? 1 : 0;
  plan.kills = fault();
  plan.power_cuts = fault();
  plan.stops = fault();
  plan.io_errors = fault();
  plan.disk_full = fault();
  plan.slow_disk = fault();
  plan.cut_offs = fault();
  plan.resets = fault();
  plan.slow_network = fault();
  plan.duplicates = fault();
  plan.clock_jumps = fault();
  plan.client_crashes = fault();
  plan.trims = fault();
  plan.retention = chance.one_in(3);
  plan.settle_after_ms = chance.one_in(2) ? chance.between(0, 10'000) : 60'000;
  plan.passing = chance.one_in(3) ? 1 : 0;
  return plan;
}

std::string Plan::text() const {
  std::string text =
      fmt::format("{} s, {} producers, {} consumers", work_us / seconds, producers, consumers);
  if (transactors > 0) text += fmt::format(", {} pairs of transactors", transactors);
  if (copiers > 0) text += fmt::format(", {} pairs of copiers", copiers);
  if (passing > 0) text += ", a topic that comes and goes";
  if (groups > 0) text += fmt::format(", {} groups", groups);
  text += ";";
  for (const Switch& one : switches) {
    if (this->*one.on) text += " " + std::string(one.name);
  }
  return text;
}

bool Plan::leave_out(std::string_view name) {
  for (const Switch& one : switches) {
    if (one.name == name) return std::exchange(this->*one.on, false);
  }
  for (const Number& one : numbers) {
    if (one.name == name) return std::exchange(this->*one.count, 0) > 0;
  }
  return false;
}

std::vector<std::string_view> parts_of_a_plan() {
  std::vector<std::string_view> names;
  for (const Number& one : numbers) names.push_back(one.name);
  for (const Switch& one : switches) names.push_back(one.name);
  return names;
}

}  // namespace holdfast::simulation
