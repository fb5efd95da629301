#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/os/clock.h"

namespace holdfast::testing {

/// Whether all events of the sources are in the store, by what a program says of itself
/// (`--progress-json`). It has to go on saying so for a second: offsets also count the control
/// records of transactions, so `delivered` alone says too much, and a pipeline lags behind by
/// nothing until it has heard of what was just committed to its topic.
class Carried {
 public:
  /// After the next line. `events`: how many the sources were given.
  bool saw(const nlohmann::json& progress, int64_t events) {
    if (progress["pipelines"].empty()) return false;
    const nlohmann::json& pipeline = progress["pipelines"][0];
    const bool shipped = progress["sources"].empty() || progress["sources"][0]["shipped"] == events;
    const bool all = shipped && pipeline["delivered"] >= events && pipeline["lag"] == 0 &&
                     pipeline["delivered"] == delivered_;
    delivered_ = pipeline["delivered"].get<int64_t>();
    const int64_t now_ms = os::real_clock().steady_ms();
    if (!all) since_ms_.reset();
    if (all && !since_ms_) since_ms_ = now_ms;
    return all && now_ms - *since_ms_ >= 1'000;
  }

 private:
  int64_t delivered_ = -1;
  std::optional<int64_t> since_ms_;
};

}  // namespace holdfast::testing
