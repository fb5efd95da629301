#pragma once

#include "testing/simulation/actor.h"

namespace holdfast::simulation {

/// Creates the topics, and trims them if the plan says so.
class Admin final : public Actor {
 public:
  Admin(World& world, std::vector<TopicPlan> topics, bool trims, Task ready)
      : Actor(world, "admin"),
        topics_(std::move(topics)),
        trims_(trims),
        ready_(std::move(ready)) {}

  void start() override { create(0); }
  void finish() override { finishing_ = true; }
  bool finished() const override { return finishing_; }

 private:
  void create(size_t number);
  void trim();
  void alter();

  const std::vector<TopicPlan> topics_;
  const bool trims_;
  Task ready_;
  bool finishing_ = false;
};

}  // namespace holdfast::simulation
