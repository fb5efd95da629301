#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace holdfast::pipeline {

/// Hands values from one thread to another, at most `capacity` at a time. A full one makes the
/// giver wait: that is how a slow store slows its reader down. `close` wakes both sides for good.
template <class T>
class HandOver {
 public:
  explicit HandOver(size_t capacity) : capacity_(capacity) {}

  /// False when closed; the value is gone then.
  bool push(T value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || values_.size() < capacity_; });
    if (closed_) return false;
    values_.push_back(std::move(value));
    changed_.notify_all();
    return true;
  }
  /// Gives it only if there is room.
  void try_push(T value) {
    const std::lock_guard lock(mutex_);
    if (closed_ || values_.size() >= capacity_) return;
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  /// Nothing when closed.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || !values_.empty(); });
    if (closed_) return {};
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    changed_.notify_all();
    return value;
  }
  /// Takes one only if it is there.
  std::optional<T> try_pop() {
    const std::lock_guard lock(mutex_);
    if (closed_ || values_.empty()) return {};
    std::optional<T> value(std::move(values_.front()));
    values_.pop_front();
    changed_.notify_all();
    return value;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  const size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
  bool closed_ = false;
};

}  // namespace holdfast::pipeline
