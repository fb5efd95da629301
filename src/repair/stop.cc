#include "repair/stop.h"

#include <chrono>

namespace holdfast::repair {

void Stop::raise() {
  const std::lock_guard lock(mutex_);
  raised_ = true;
  changed_.notify_all();
}

bool Stop::raised() const {
  const std::lock_guard lock(mutex_);
  return raised_;
}

bool Stop::sleep(int64_t milliseconds) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] { return raised_; });
}

}  // namespace holdfast::repair
