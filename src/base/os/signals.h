#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace holdfast::os {

/// SIGINT and SIGTERM as something to wait for: the first asks for a clean stop, a second one ends
/// the process at once (with 128 + the signal, as a shell has it).
///
/// Make it in main before any other thread, since threads started earlier would still be
/// interrupted. One per process. Threads: `asked` and `wait` from any.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  /// Whether a stop was asked for.
  bool asked() const;
  /// Waits until a stop was asked for or `ask` was called, at most `timeout_ms` (negative: without
  /// end). True when asked.
  bool wait(int64_t timeout_ms) const;
  /// Ends the waiting as a signal would: for a part of the program that has failed or is done.
  void ask();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace holdfast::os
