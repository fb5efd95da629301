#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "base/os/clock.h"

namespace holdfast::sink {

struct BreakerSettings {
  int64_t probe_first_ms = 500;  // after it opened; doubles with each probe that fails
  int64_t probe_max_ms = 10'000;
};

/// Keeps writers away from a part that does not answer: one for each (store, data center). It opens
/// on the first failure, because between the death of a node and the cluster noticing it every
/// write costs a whole time-out; then now and then one attempt is let through (half-open).
///
/// Threads: any.
class Breaker {
 public:
  enum class State : uint8_t { closed, open, half_open };
  struct Report {
    State state = State::closed;
    std::string why;            // it opened
    int64_t opened_us = 0;      // wall clock; 0: it is closed
    uint64_t opened_times = 0;  // since the start
  };

  explicit Breaker(os::Clock& clock = os::real_clock(), BreakerSettings settings = {})
      : clock_(clock), settings_(settings), pause_ms_(settings.probe_first_ms) {}

  /// Whether to try: always while closed; while open once each time a probe is due, and whoever got
  /// that `true` must answer with `succeeded` or `failed`.
  bool allows();
  void succeeded();
  /// True when this opened it.
  bool failed(std::string why);
  Report report() const;

 private:
  os::Clock& clock_;
  const BreakerSettings settings_;
  mutable std::mutex mutex_;
  Report now_;
  int64_t pause_ms_;
  int64_t probe_at_ms_ = 0;
};
const char* name(Breaker::State state);

}  // namespace holdfast::sink
