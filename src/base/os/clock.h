#pragma once

#include <cstdint>

namespace holdfast::os {

/// Time, behind an interface so that simulations can own it.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Microseconds since 1970-01-01T00:00Z. May jump.
  virtual int64_t wall_us() const = 0;
  /// Milliseconds from an arbitrary start. Never goes back.
  virtual int64_t steady_ms() const = 0;
};

Clock& real_clock();

/// Microseconds from an arbitrary start, for measuring how long something took. Never for a
/// decision: no simulation owns it.
int64_t stopwatch_us();

}  // namespace holdfast::os
