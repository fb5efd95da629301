#pragma once

#include <mutex>
#include <string>
#include <vector>

namespace holdfast::log {

/// Files that are ready to become the next segment: zero-filled ahead, or recycled from trimmed
/// segments. Only paths; any thread. Whoever takes one owns it.
class SparePool {
 public:
  /// More are of no use: one is needed at a time, and one may come back from a trim.
  static constexpr size_t spares_max = 2;

  bool wants_more() const {
    const std::lock_guard lock(mutex_);
    return paths_.size() < spares_max;
  }
  bool empty() const {
    const std::lock_guard lock(mutex_);
    return paths_.empty();
  }
  void put(std::string path) {
    const std::lock_guard lock(mutex_);
    paths_.push_back(std::move(path));
  }
  /// Empty when there is none.
  std::string take() {
    const std::lock_guard lock(mutex_);
    if (paths_.empty()) return {};
    std::string path = std::move(paths_.back());
    paths_.pop_back();
    return path;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> paths_;
};

}  // namespace holdfast::log
