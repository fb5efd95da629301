#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/kinds.h"
#include "notify/notifier.h"
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
  repair::RepairReport report = {};
  double seconds = 0;
};

/// Repairs what the data centers of a configuration missed. Threads: one.
class Repairer {
 public:
  Repairer(const settings::Config& config, const Kinds& kinds);
  ~Repairer();
  /// Every data center, one after the other; then tells people. One whose store is still away does
  /// not stop the others: that is in its report. The same failure is told once in
  /// `notify.alarm_every`.
  Result<std::vector<DatacenterRepair>> run(const RepairOptions& options, repair::Stop& stop);

 private:
  const settings::Config& config_;
  const Kinds& kinds_;
  std::unique_ptr<notify::Notifier> notifier_;
};

}  // namespace holdfast::control
