#pragma once

#include "testing/simulation/actor.h"
#include "testing/simulation/fetching.h"

namespace holdfast::simulation {

/// A consumer in no group: reads the partitions of its topics from their beginning on, over and
/// over after each crash of its own. The last one of a run reads everything to its end.
class Consumer final : public Actor {
 public:
  Consumer(World& world, std::string name, std::vector<TopicPlan> topics, bool committed_only,
           int64_t pause_us, int64_t fetch_bytes_most = 60'000);

  void start() override;
  void finish() override { finishing_ = true; }
  bool finished() const override { return finishing_; }
  void crash() override;

  /// Whether all partitions have been read to their end. A committed-only reader that is there has
  /// met no transaction that is still open.
  bool at_end() const;
  const std::vector<Position>& positions() const { return positions_; }
  const std::vector<int64_t>& ends() const { return ends_; }
  /// In the history.
  uint32_t number() const { return consumer_; }

 private:
  void rewind();
  void out_of_range(size_t number);
  void poll();
  void take(const wire::FetchResponse& answer, const std::vector<size_t>& asked,
            history::Time invoked);
  void take_partition(size_t number, const wire::FetchResponse::Topic::Partition& answer,
                      history::Time invoked);

  const std::vector<TopicPlan> topics_;
  const bool committed_only_;
  const int64_t pause_us_;
  const int64_t fetch_bytes_most_;
  uint32_t consumer_ = 0;
  std::vector<Position> positions_;
  std::vector<int64_t> ends_;  // high watermarks
  bool finishing_ = false;
};

}  // namespace holdfast::simulation
