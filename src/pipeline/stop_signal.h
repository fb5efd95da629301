#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>

#include "base/os/random.h"

namespace holdfast::pipeline {

/// A request to stop that also ends sleeps. Any thread.
class StopSignal {
 public:
  void raise() {
    const std::lock_guard lock(mutex_);
    raised_ = true;
    changed_.notify_all();
  }
  bool raised() const { return raised_.load(std::memory_order_relaxed); }
  /// Sleeps; false when it was ended by a request to stop.
  bool sleep(int64_t milliseconds) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, std::chrono::milliseconds(milliseconds),
                              [&] { return raised_.load(); });
  }

 private:
  std::atomic<bool> raised_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// How long to wait before the next attempt: doubling from `first_ms` up to `max_ms`, each time a
/// random part of between one half and the whole, so that many pipelines do not come back in step.
class Backoff {
 public:
  Backoff(int64_t first_ms, int64_t max_ms)
      : first_ms_(first_ms), max_ms_(max_ms), next_ms_(first_ms) {}
  int64_t next_ms() {
    const int64_t whole = std::max<int64_t>(next_ms_, 1);
    next_ms_ = std::min(max_ms_, next_ms_ * 2);
    uint32_t chance = 0;
    os::random_bytes(std::as_writable_bytes(std::span(&chance, 1)));
    return whole - static_cast<int64_t>(chance % static_cast<uint32_t>(whole / 2 + 1));
  }
  void reset() { next_ms_ = first_ms_; }

 private:
  int64_t first_ms_, max_ms_, next_ms_;
};

}  // namespace holdfast::pipeline
