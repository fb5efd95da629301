#pragma once

#include <atomic>

namespace holdfast::fault {

namespace detail {
extern std::atomic<bool> armed;
void reached(const char* point);
}  // namespace detail

/// A named place where the process may be killed on purpose. HOLDFAST_FAULT="log.before_sync:3" kills it (SIGKILL, so that
/// nothing is cleaned up) at the third pass through that point; with HOLDFAST_FAULT_ACTION=stop it is stopped (SIGSTOP)
/// instead. Costs one relaxed load when nothing is armed.
inline void point(const char* name) {
  if (detail::armed.load(std::memory_order_relaxed)) [[unlikely]] detail::reached(name);
}

/// Reads HOLDFAST_FAULT. Called once, by main and by crash tests in their child process.
void arm_from_environment();

}  // namespace holdfast::fault
