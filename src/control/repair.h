#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/kinds.h"
#include "repair/repair.h"
#include "settings/config.h"

namespace holdfast::control {

struct RepairOptions {
  bool dry_run = false;
  double rate = 0;  // records a second; 0: no bound
  size_t concurrency = 1'024;
  uint64_t max = UINT64_MAX;
  int64_t since_us = 0;  // only what failed at or after this time
  std::string pipeline;  // only of this one
  int32_t attempts_max = 5;
  bool tell = true;          // people, by `notify`
  bool tell_nothing = true;  // also that there was nothing, or that it failed
};

/// What became of what one data center missed.
struct DatacenterRepair {
  std::string datacenter;
  std::string queue;
  repair::RepairReport report;
  double seconds = 0;
};

/// Repairs every data center of the configuration, one after the other, and tells people. A data
/// center whose store is still away does not stop the others: that is in its report.
Result<std::vector<DatacenterRepair>> run_repair(const settings::Config& config, const Kinds& kinds,
                                                 const RepairOptions& options, repair::Stop& stop);

}  // namespace holdfast::control
