#pragma once

#include "testing/simulation/actor.h"
#include "testing/simulation/broker.h"
#include "testing/simulation/simulation.h"

namespace holdfast::simulation {

/// Breaks things, one or a few at a time, as the plan allows; brings back what must come back.
/// Pauses come between, so that work gets done.
class Faults {
 public:
  Faults(World& world, SimulatedBroker& broker, const Plan& plan,
         std::vector<std::unique_ptr<Actor>>& actors);

  void begin();
  /// From now on nothing breaks any more, and what is broken is mended.
  void stop();
  /// To be called after everything that happened: a broker that is down comes up again.
  void look();
  uint64_t count() const { return count_; }

 private:
  void next();
  void strike();
  void end_broker(End how);
  void restart_later();
  void restart();
  void disk_full();
  void crash_client();
  void break_cleaning();

  World& world_;
  SimulatedBroker& broker_;
  const Plan& plan_;
  std::vector<std::unique_ptr<Actor>>& actors_;
  std::shared_ptr<const void> life_ = std::make_shared<int>();
  std::vector<std::function<void()>> kinds_;
  bool on_ = false;
  bool restart_planned_ = false;
  int failed_restarts_ = 0;
  uint64_t count_ = 0;
};

}  // namespace holdfast::simulation
