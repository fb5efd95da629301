#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/os/signals.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "cli/demo/child.h"
#include "cli/demo/input.h"
#include "cli/demo/screen.h"

namespace holdfast::cli::demo {

/// The main job as three processes - broker, source, pipeline -, each killed at random points of
/// its work and started again, until everything is in the warehouse.
class Chaos {
 public:
  /// `folder` holds flights.yaml and input/; logs of the processes go to folder/logs.
  Chaos(std::string folder, int64_t rows, int64_t kills, Draw& draw, Screen& screen,
        const os::StopSignal& stop);

  /// The whole job, with the broker left running for the audit.
  Status run();
  Status stop_broker();

  /// What the processes were told beside their configuration.
  const std::vector<std::pair<std::string, std::string>>& environment() const {
    return environment_;
  }
  /// How often each was killed.
  struct Kills {
    int64_t broker = 0, source = 0, pipeline = 0;
  };
  Kills kills() const {
    return {broker_->plan().kills(), source_->plan().kills(), pipeline_->plan().kills()};
  }

 private:
  std::unique_ptr<Child> child(const std::string& role, std::vector<std::string> arguments,
                               int64_t kills, Draw& draw) const;
  Status start_broker();
  Status work();
  Status kill_if_due(Child& child, double progress);
  Status finish();
  double source_progress() const;
  double pipeline_progress() const;
  double broker_progress() const;
  void show() const;

  const std::string folder_;
  const double rows_;
  Screen& screen_;
  const os::StopSignal& stop_;
  std::string program_;
  std::vector<std::pair<std::string, std::string>> environment_;
  std::unique_ptr<Child> broker_, source_, pipeline_;
};

}  // namespace holdfast::cli::demo
