#pragma once

#include <optional>

#include "broker/core.h"
#include "broker/server.h"
#include "log/engine.h"
#include "testing/simulation/event_loop.h"
#include "testing/simulation/world.h"

namespace holdfast::simulation {

/// How the broker ends.
enum class End {
  stop,   // asked to: drains, writes a checkpoint
  kill,   // kill -9: what was written is there, synced or not
  power,  // the machine goes: what was not synced may go, and no client is told
};

struct DiskPace {
  int64_t least_us = 150;  // of one write and sync
  int64_t most_us = 2500;
  int64_t slow_one_in = 0;  // such that take up to two seconds; 0: none
};

/// The broker put together as src/broker/broker.cc does it, from the same parts, but over the
/// simulation's loop, clock, network and disk, and with the log's threads taken step by step. Lives
/// many lives on one disk.
class SimulatedBroker {
 public:
  SimulatedBroker(World& world, broker::BrokerSettings settings, int64_t settle_after_ms);
  ~SimulatedBroker();

  /// Recovers and serves. Fails when the disk does; then it is not running.
  Status start();
  void end(End how);
  bool running() const { return core_ != nullptr; }
  /// The log failed: only a restart helps.
  bool failed() const { return failed_; }
  void set_pace(const DiskPace& pace) { pace_ = pace; }
  /// Called once, in the middle of the log's cleaner's next job.
  void in_next_cleaning(std::function<void()> call) { in_cleaning_ = std::move(call); }
  /// Ever finished, well or not.
  uint64_t cleanings() const { return cleanings_; }
  uint64_t live_bytes(const std::string& topic, int32_t partition) const;
  int64_t log_start(const std::string& topic, int32_t partition) const;
  /// Nothing of a deleted topic takes space for ever.
  void check_deleted();
  /// The wall clock at its latest while the broker looked at it.
  int64_t latest_wall_ms() const { return latest_wall_ms_; }

  /// To be called after everything that happened: sees to the log's steps.
  void look();
  /// What must be true at any time.
  void check();
  /// The next restart must give exactly this state: taken when nothing is under way.
  bool quiet() const { return running() && !failed_ && log_->durable() == log_->end(); }
  void remember_state() { remembered_ = state_->checkpoint(); }

  broker::State& state() { return *state_; }
  uint64_t starts() const { return starts_; }
  uint64_t states_compared() const { return states_compared_; }

 private:
  const broker::Partition& partition(const std::string& topic, int32_t index) const;
  Status recover();
  log::Log::Callbacks callbacks();
  void plan_writer();
  void write();
  void keep_house();
  void clean();
  void take_over_cleaned();
  void take_apart();

  World& world_;
  const broker::BrokerSettings settings_;
  const int64_t settle_after_ms_;
  DiskPace pace_;
  std::unique_ptr<SimulatedLoop> loop_;
  std::unique_ptr<broker::State> state_;
  std::unique_ptr<log::Engine> log_;
  std::unique_ptr<broker::Server> server_;
  std::unique_ptr<broker::Core> core_;
  std::shared_ptr<const void> life_;
  bool writer_planned_ = false;
  bool house_planned_ = false;
  bool cleaning_planned_ = false;
  bool cleaning_ = false;  // in the middle of a job
  std::function<void()> in_cleaning_;
  uint64_t cleanings_ = 0;
  int64_t latest_wall_ms_ = 0;
  bool durable_posted_ = false;
  bool failed_ = false;
  std::optional<ByteBuffer> remembered_;
  uint64_t starts_ = 0;
  uint64_t states_compared_ = 0;
};

}  // namespace holdfast::simulation
