#pragma once

#include <deque>

#include "testing/simulation/actor.h"
#include "testing/simulation/records.h"
#include "wire/messages/produce.h"

namespace holdfast::simulation {

/// An idempotent producer, as the Java client is one: up to five batches under way for each
/// partition; what failed or has an unknown outcome is sent again, in order, with the same
/// sequence; what took too long is given up, and then a new session begins.
class Producer final : public Actor {
 public:
  Producer(World& world, std::string name, TopicPlan topic, int64_t pause_us);

  void start() override { begin_session(); }
  void finish() override { finishing_ = true; }
  bool finished() const override;
  void crash() override;

 private:
  static constexpr size_t under_way_max = 5;
  struct Batch {
    int32_t sequence;
    std::vector<size_t> sends;  // in the history
    ByteBuffer bytes;
    int64_t deadline_us;
    bool under_way = false;
    bool was_first = false;  // when it was sent last
  };
  struct Queue {
    std::deque<Batch> batches;
    int32_t next_sequence = 0;
  };

  void begin_session();
  void produce_on();
  void add_batch();
  void pump();
  void send(int32_t partition, Batch& batch);
  void answered(int32_t partition, int32_t sequence,
                const std::optional<wire::ProduceResponse>& answer);
  void acknowledged(const Batch& batch, int64_t base_offset);
  void refused(Queue& queue, const Batch& batch, wire::ErrorCode code);
  void give_up_all();

  const TopicPlan topic_;
  const int64_t pause_us_;
  std::vector<Queue> queues_;
  int64_t producer_id_ = -1;
  int16_t epoch_ = -1;
  uint32_t session_ = history::none;
  uint64_t session_number_ = 0;
  bool finishing_ = false;
  bool pump_planned_ = false;
};

}  // namespace holdfast::simulation
