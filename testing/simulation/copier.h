#pragma once

#include "testing/simulation/fetching.h"
#include "testing/simulation/transactional_client.h"
#include "wire/messages/offset_fetch.h"

namespace holdfast::simulation {

/// Consume, transform, produce, exactly once: each record of the input gets one output record in
/// the transaction that also moves the group's position. It owns all partitions of the input: who
/// takes the id fences the other program with the same id, and then reads where that one stood.
class Copier final : public TransactionalClient {
 public:
  Copier(World& world, std::string name, Identity identity, TopicPlan input, TopicPlan output,
         int64_t pause_us);

  void start() override { begin_session(); }
  /// Then it still copies what there is to its end, unless another one does.
  void finish() override { finishing_ = true; }
  bool finished() const override { return finished_; }
  void crash() override;
  const std::string& group() const { return group_; }

 private:
  using Inputs = std::vector<std::pair<size_t, FoundBatch::Found>>;  // input partition, record

  void begin_session();
  void restart();
  void read_positions();
  bool take_positions(const wire::OffsetFetchResponse& answer, history::Time invoked);
  void poll();
  Inputs take(const wire::FetchResponse& answer, history::Time invoked);
  void copy(Inputs inputs);
  void finish_with(bool commit);
  void go_on();

  const TopicPlan input_;
  const TopicPlan output_;
  const std::string group_;
  const int64_t pause_us_;
  uint32_t consumer_ = 0;
  std::vector<simulation::Position> positions_;  // read up to here
  std::vector<int64_t> ends_;
  bool finishing_ = false;
  bool finished_ = false;
};

}  // namespace holdfast::simulation
