#pragma once

#include <algorithm>
#include <cstdint>

#include "base/os/random.h"

namespace holdfast::cql {

/// Pauses that double up to a bound, each between a half and the whole of it by chance, so that
/// clients that lost one node do not come back together.
class Backoff {
 public:
  Backoff(int64_t first_ms, int64_t max_ms) : first_ms_(first_ms), max_ms_(max_ms) {}

  int64_t next_ms() {
    now_ms_ = now_ms_ == 0 ? first_ms_ : std::min(now_ms_ * 2, max_ms_);
    uint32_t chance = 0;
    os::random_bytes(std::as_writable_bytes(std::span(&chance, 1)));
    return now_ms_ / 2 + static_cast<int64_t>(chance % static_cast<uint64_t>(now_ms_ / 2 + 1));
  }
  void reset() { now_ms_ = 0; }

 private:
  const int64_t first_ms_, max_ms_;
  int64_t now_ms_ = 0;
};

}  // namespace holdfast::cql
