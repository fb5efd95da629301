#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string_view>

#include "base/os/clock.h"

namespace holdfast::simulation {

using Task = std::move_only_function<void()>;
/// Whatever must still be there when a task's time comes; gone: the task is dropped.
using Life = std::weak_ptr<const void>;

inline constexpr int64_t ms = 1000;  // in microseconds
inline constexpr int64_t seconds = 1000 * ms;

/// Time and chance of a simulation, and the order in which everything happens: one task after the
/// other, by time, those of the same time in the order in which they came. Everything follows from
/// the seed.
///
/// Threads: one.
class Scheduler final : public os::Clock {
 public:
  explicit Scheduler(uint64_t seed) : random_(seed) {}

  int64_t now_us() const { return now_us_; }
  int64_t steady_ms() const override { return now_us_ / ms; }
  int64_t wall_us() const override { return wall_start_us + now_us_ + wall_off_us_; }
  /// The machine's clock is set.
  void jump_wall(int64_t us) { wall_off_us_ += us; }

  void at(int64_t time_us, Life life, Task task);
  void after(int64_t delay_us, Life life, Task task) {
    at(now_us_ + delay_us, std::move(life), std::move(task));
  }
  /// The next task; false when there is none at or before `until_us`, which it is then.
  bool step(int64_t until_us);

  uint64_t random() { return random_(); }
  /// 0 to n-1.
  int64_t below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }
  /// Both inclusive.
  int64_t between(int64_t least, int64_t most) { return least + below(most - least + 1); }
  bool one_in(int64_t n) { return below(n) == 0; }

  /// Adds to what tells one run from another: two runs of a seed must end with the same print.
  void note(uint64_t what) { print_ = (print_ ^ what) * 0x100000001B3u; }
  uint64_t print() const { return print_; }
  uint64_t tasks_run() const { return tasks_run_; }

 private:
  static constexpr int64_t wall_start_us = 1'700'000'000'000'000;
  struct Planned {
    Life life;
    Task task;
  };

  std::mt19937_64 random_;
  int64_t now_us_ = 0;
  int64_t wall_off_us_ = 0;
  uint64_t planned_ = 0;
  uint64_t tasks_run_ = 0;
  uint64_t print_ = 0xCBF29CE484222325u;
  std::map<std::pair<int64_t, uint64_t>, Planned> tasks_;
};

}  // namespace holdfast::simulation
