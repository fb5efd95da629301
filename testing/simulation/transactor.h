#pragma once

#include "testing/simulation/transactional_client.h"

namespace holdfast::simulation {

/// A program that writes transactions: some batches to some partitions, then commit or abort; now
/// and then it takes longer than its time-out. When it is fenced it starts again after a while, and
/// fences its rival in turn: two of them share an id, so one is always a zombie for the other.
class Transactor final : public TransactionalClient {
 public:
  Transactor(World& world, std::string name, Identity identity, std::vector<TopicPlan> topics,
             int64_t pause_us)
      : TransactionalClient(world, std::move(name), std::move(identity)),
        topics_(std::move(topics)),
        pause_us_(pause_us) {}

  void start() override { begin_session(); }
  void finish() override { finishing_ = true; }
  bool finished() const override { return finished_; }
  void crash() override;

 private:
  void begin_session();
  void restart();
  void next();
  void write(int64_t requests_left);
  void finish_with(bool commit);
  std::vector<Batch> make_batches();

  const std::vector<TopicPlan> topics_;
  const int64_t pause_us_;
  bool finishing_ = false;
  bool finished_ = false;
};

}  // namespace holdfast::simulation
