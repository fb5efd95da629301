#include <fmt/core.h>

#include "testing/simulation/simulation.h"

namespace holdfast::simulation {

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
  plan.compaction = chance.one_in(3);
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
  return plan;
}

std::string Plan::text() const {
  std::string text =
      fmt::format("{} s, {} producers, {} consumers", work_us / seconds, producers, consumers);
  if (transactors > 0) text += fmt::format(", {} pairs of transactors", transactors);
  if (copiers > 0) text += fmt::format(", {} pairs of copiers", copiers);
  if (groups > 0) text += fmt::format(", {} groups", groups);
  text += compaction ? ", compacted topic;" : ";";
  const auto add = [&](bool on, const char* name) {
    if (on) text += std::string(" ") + name;
  };
  add(kills, "kills");
  add(power_cuts, "power-cuts");
  add(stops, "stops");
  add(io_errors, "io-errors");
  add(disk_full, "disk-full");
  add(slow_disk, "slow-disk");
  add(cut_offs, "cut-offs");
  add(resets, "resets");
  add(slow_network, "slow-network");
  add(duplicates, "duplicates");
  add(clock_jumps, "clock-jumps");
  add(client_crashes, "client-crashes");
  add(trims, "trims");
  return text;
}

}  // namespace holdfast::simulation
