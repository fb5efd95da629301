#pragma once

#include <cstdint>
#include <vector>

#include "broker/core.h"

namespace holdfast::broker {

/// A fetch that found less than it asked for and waits. The core wakes it when its partitions have
/// grown by what is missing, when one of them is deleted, or at its deadline.
class FetchWaiter {
 public:
  explicit FetchWaiter(const Ticket& for_request) : ticket(for_request) {}
  virtual ~FetchWaiter() = default;

  /// Reads anew and answers, with whatever there is now.
  virtual void answer(Core& core, Instant now) = 0;

  const Ticket ticket;
  int64_t deadline_ms = 0;
  int64_t missing_bytes = 0;
  uint64_t number = 0;  // given by the core
  bool ready = false;
  bool committed_only = false;  // waits for what is stable
  std::vector<Partition*> partitions;
};

}  // namespace holdfast::broker
