#pragma once

#include "testing/simulation/actor.h"
#include "wire/messages/offset_fetch.h"

namespace holdfast::simulation {

/// Reads at the end where a group stands in a topic, and writes it down: up to there the input is
/// processed.
class PositionReader final : public Actor {
 public:
  PositionReader(World& world, std::string group, TopicPlan topic)
      : Actor(world, "positions-of-" + group), group_(std::move(group)), topic_(std::move(topic)) {}

  void start() override;
  void finish() override {}
  bool finished() const override { return finished_; }

 private:
  bool take(const wire::OffsetFetchResponse& answer, history::Time invoked);

  const std::string group_;
  const TopicPlan topic_;
  bool finished_ = false;
};

}  // namespace holdfast::simulation
