#pragma once

#include <set>

#include "testing/simulation/actor.h"
#include "testing/simulation/records.h"

namespace holdfast::simulation {

/// Creates a topic, fills it, deletes it, and creates another of the same name, over and over: so
/// what it wrote goes while the log's cleaner has it in hand, and must never come back.
class PassingTopic final : public Actor {
 public:
  PassingTopic(World& world, std::string name) : Actor(world, std::move(name)) {}

  void start() override { create(); }
  void finish() override { finishing_ = true; }
  bool finished() const override { return finishing_; }
  void crash() override;

 private:
  void create();
  void go_on(int64_t most_us, void (PassingTopic::*step)());
  void use();
  void fill();
  void look();
  void found(ByteView records);
  void remove();

  TopicPlan topic_;
  int64_t left_ = 0;               // things to be done with this topic
  std::set<uint64_t> written_;     // to this topic
  std::set<uint64_t> unanswered_;  // may come to any, late
  bool finishing_ = false;
};

}  // namespace holdfast::simulation
