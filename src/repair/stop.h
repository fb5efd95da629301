#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace holdfast::repair {

/// A request to stop that also ends waits. Any thread.
class Stop {
 public:
  void raise();
  bool raised() const;
  /// False when it was ended by a request to stop.
  bool sleep(int64_t milliseconds);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

}  // namespace holdfast::repair
