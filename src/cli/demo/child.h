#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/os/process.h"
#include "base/result.h"
#include "cli/demo/kills.h"

namespace holdfast::cli::demo {

/// What a `holdfast run --progress-json` last said.
struct Reported {
  int64_t captured = 0;
  int64_t shipped = 0;
  int64_t delivered = 0;
  bool sources_done = false;
};

/// One of the demo's processes: started, killed, started again.
class Child {
 public:
  Child(std::string role, os::ProcessSettings settings, int64_t kills, Draw& draw)
      : role_(std::move(role)), settings_(std::move(settings)), plan_(kills, draw) {}

  Status start();
  /// The broker's first line, with its address.
  Result<std::string> wait_until_ready(int64_t timeout_ms);
  /// Fails when it ended though nobody asked it to. Takes in what it reported.
  Status look();
  /// SIGKILL; the process is gone when this returns.
  Status kill();
  /// SIGTERM, and waits. Fails unless it ends well.
  Status stop(int64_t timeout_ms);
  /// Waits until it ends by itself. Fails unless it ends well.
  Status finish(int64_t timeout_ms);

  /// Whether it has reported anything since it was started last: from then on it can be asked to
  /// stop.
  bool heard() const { return heard_; }
  const std::string& role() const { return role_; }
  const Reported& reported() const { return reported_; }
  const KillPlan& plan() const { return plan_; }
  os::ProcessSettings& settings() { return settings_; }

 private:
  Status ended_badly(int code) const;

  std::string role_;
  os::ProcessSettings settings_;
  KillPlan plan_;
  std::unique_ptr<os::Process> process_;
  Reported reported_;
  bool heard_ = false;
};

}  // namespace holdfast::cli::demo
