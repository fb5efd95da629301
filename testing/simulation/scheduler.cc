#include "testing/simulation/scheduler.h"

#include <algorithm>

namespace holdfast::simulation {

void Scheduler::at(int64_t time_us, Life life, Task task) {
  tasks_.emplace(std::pair(std::max(time_us, now_us_), planned_++),
                 Planned{std::move(life), std::move(task)});
}

bool Scheduler::step(int64_t until_us) {
  while (!tasks_.empty() && tasks_.begin()->first.first <= until_us) {
    auto node = tasks_.extract(tasks_.begin());
    now_us_ = node.key().first;
    const auto alive = node.mapped().life.lock();
    if (!alive) continue;
    ++tasks_run_;
    note(static_cast<uint64_t>(now_us_));
    node.mapped().task();
    return true;
  }
  now_us_ = std::max(now_us_, until_us);
  return false;
}

}  // namespace holdfast::simulation
