#pragma once

#include <cstdint>

namespace holdfast::broker {

/// Names a request until it is answered. Answers of one connection leave in the order of
/// `sequence`, whatever the order in which they are given.
struct Ticket {
  uint64_t connection = 0;
  uint64_t sequence = 0;
  int16_t version = 0;
  int32_t correlation_id = 0;
};

/// Time comes in from outside.
struct Instant {
  int64_t steady_ms = 0;  // for deadlines
  int64_t wall_ms = 0;    // for timestamps
};

}  // namespace holdfast::broker
