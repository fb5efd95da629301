#pragma once

#include <fmt/core.h>
#include <set>
#include <string>
#include <vector>

#include "testing/history/history.h"
#include "testing/simulated_disk.h"
#include "testing/simulation/network.h"
#include "testing/simulation/scheduler.h"

namespace holdfast::simulation {

/// What was seen that must not be, beyond what the history's judge finds.
struct Violation {
  /// For scripts, beside the names of the judge's findings.
  enum class Kind : uint8_t {
    answer,        // one that no client may get
    visibility,    // of what readers may not see yet, or of damaged records
    restart,       // the broker does not start, or has another state than before
    durability,    // a high watermark that is not on the disk
    stale_member,  // one that the group has gone on without was taken for a member
    two_owners,    // of one partition, in one generation
    retention,     // too much is gone, or too much is left
    endless,       // somebody does not come to his end though nothing is broken
  };
  Kind kind;
  std::string text;
};
const char* name(Violation::Kind kind);

/// What all parts of a simulation share: time and chance, the network, the disk, the history that
/// is written down, and what was seen that must not be (beyond what the history's judge finds).
class World {
 public:
  World(uint64_t seed, bool trace_on)
      : scheduler(seed), network(scheduler), disk(scheduler.random()), trace_(trace_on) {}

  Scheduler scheduler;
  Network network;
  testing::SimulatedDisk disk;
  history::History history;

  /// The history's time: simulated microseconds, but no two alike.
  history::Time stamp() { return last_stamp_ = std::max(last_stamp_ + 1, scheduler.now_us()); }
  uint32_t partition(const std::string& topic, int32_t index);
  /// The greatest end of a partition that any answer told.
  int64_t known_end(uint32_t number) const {
    return number < known_ends_.size() ? known_ends_[number] : 0;
  }
  void learn_end(uint32_t number, int64_t end);
  uint64_t new_value() {
    made_ms_.push_back(scheduler.wall_us() / 1000);
    return made_ms_.size() - 1;
  }
  /// The wall clock when the value was made: its record is not older.
  int64_t made_ms(uint64_t value) const { return made_ms_.at(value); }
  uint32_t new_client() { return clients_++; }
  uint32_t clients() const { return clients_; }
  /// A session that promises order.
  uint32_t new_producer() { return producers_++; }
  uint32_t new_consumer() { return consumers_++; }

  template <class... Args>
  void trace(fmt::format_string<Args...> format, Args&&... args) {
    if (trace_) print_trace(fmt::format(format, std::forward<Args>(args)...));
  }
  /// Something happened that must not; the run ends soon.
  void violation(Violation::Kind kind, std::string text);
  const std::vector<Violation>& violations() const { return violations_; }
  bool tracing() const { return trace_; }

 private:
  void print_trace(const std::string& text) const;

  const bool trace_;
  history::Time last_stamp_ = 0;
  std::vector<int64_t> made_ms_ = {0};  // of each value
  uint32_t clients_ = 0;
  uint32_t producers_ = 0;
  uint32_t consumers_ = 0;
  std::vector<int64_t> known_ends_;
  std::vector<Violation> violations_;
};

}  // namespace holdfast::simulation
