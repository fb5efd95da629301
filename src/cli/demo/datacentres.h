#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/os/signals.h"
#include "base/result.h"
#include "cli/demo/kills.h"
#include "cli/demo/screen.h"

namespace holdfast::cli::demo {

/// Two data centers in a folder, with nothing installed: two DuckDB files that shall hold the same.
/// One is taken away while orders come in, both programs are killed again and again, it comes back,
/// a repair brings what it missed, and the audit judges both.
class Datacentres {
 public:
  Datacentres(std::string folder, int64_t orders, int64_t kills, Draw& draw, Screen& screen,
              const os::StopSignal& stop);
  /// Fails when anything did not end as promised. Leaves datacentres.yaml to go on with.
  Status run();
  /// One JSON object with the numbers; once it has run well.
  std::string report() const;

 private:
  struct Ended {
    int code = 0;
    std::string output;
  };
  Status prepare();
  Status write_orders(int64_t upto);
  Result<Ended> call(const std::vector<std::string>& arguments, int64_t kill_after_ms);
  /// Runs it to a good end; answers its output.
  Result<std::string> call_once(const std::vector<std::string>& arguments);
  /// Starts and kills it so often, then lets it end.
  Result<std::string> call_and_kill(const std::vector<std::string>& arguments);
  Status outage();
  Status bring_back_and_repair();
  Status prove();
  void tell_what_next();

  const std::string folder_, config_;
  const int64_t orders_, kills_;
  Draw& draw_;
  Screen& screen_;
  const os::StopSignal& stop_;
  std::string program_;
  int64_t killed_ = 0;
  uint64_t missed_ = 0, repaired_ = 0, superseded_ = 0;
};

}  // namespace holdfast::cli::demo
