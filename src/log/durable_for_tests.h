#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>

#include "log/log.h"

namespace holdfast::log {

/// Waits for a log's own threads. For tests.
class DurableWatch {
 public:
  /// For `Log::Callbacks::durable`; the watch outlives the log.
  std::function<void(Position)> callback() {
    return [this](Position upto) {
      const std::lock_guard lock(mutex_);
      durable_ = upto;
      changed_.notify_all();
    };
  }
  void wait_for_all_of(const Log& log) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return durable_ == log.end(); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Position durable_;
};

}  // namespace holdfast::log
