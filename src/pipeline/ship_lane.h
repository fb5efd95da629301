#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "event/failure_record.h"
#include "kafka/producer.h"
#include "pipeline/ship.h"
#include "pipeline/shipped_already.h"
#include "spool/spool.h"

namespace holdfast::pipeline {

/// One source's way from the spool to its topic: batches are sent in order, and noted as shipped,
/// in order, once everything in them arrived. Threads: the shipper's only.
class ShipLane {
 public:
  ShipLane(spool::Spool& spool, const ShipRoute& route, std::string failures_topic,
           uint64_t lane_number);

  const ShipRoute& route() const { return route_; }
  /// What of the two streams is unshipped as far as the spool knows.
  StreamRange events_range() const;
  StreamRange rejected_range() const;

  /// Begins (again) at the first batch that is not noted as shipped, leaving out what is in Kafka
  /// already.
  void restart(ShippedAlready events, ShippedAlready rejected, int32_t partitions,
               int32_t failure_partitions);

  /// Sends the next batches, about a MiB. Answers whether there were any. `limit`: the producer is
  /// full.
  Result<bool> pump(kafka::Producer& producer);
  /// A message of the batch has arrived.
  void arrived(int64_t batch_number);
  /// Something up to this batch was refused for good, it is not known what: `send_singly` finds
  /// out.
  void suspect(int64_t batch_number) {
    suspect_below_ = std::max(suspect_below_, batch_number + 1);
  }
  bool suspicious() const { return next_batch_ < suspect_below_; }
  /// Sends the suspect batches, one after the other, and puts what is refused into the failure
  /// topic. `producer` packs each message alone, so that a refusal names it. Blocks; anything but
  /// delivery and refusal is an error. Answers how many were refused.
  Result<uint64_t> send_singly(kafka::Producer& producer, int timeout_ms);
  /// Notes what has arrived whole.
  void settle();

  uint64_t in_flight_bytes() const { return in_flight_bytes_; }
  uint64_t sent() const { return sent_; }
  uint64_t skipped() const { return skipped_; }

 private:
  struct Sent {
    int64_t number = 0;
    uint64_t waiting = 0;  // messages that did not arrive yet
    uint64_t bytes = 0;
    int64_t next_sequence = 0;
    int64_t next_rejected_sequence = 0;
    std::shared_ptr<const os::Mapping> pin;  // the producer reads the values in place
  };

  /// How a message of a batch is named to the producer.
  enum class Tokens { of_batch, of_message };
  struct Refusal {
    uint64_t message = 0;  // its place in the batch
    std::string cause;
  };

  Status send_batch(kafka::Producer& producer, const spool::StoredBatch& batch, Tokens tokens);
  Status took(Tokens tokens, uint64_t message, Status sent);
  Result<uint64_t> send_one_by_one(kafka::Producer& producer, const spool::StoredBatch& batch,
                                   int timeout_ms);
  Status await_answers(kafka::Producer& producer, int64_t batch_number, int timeout_ms);
  Status send_refused(kafka::Producer& producer, const spool::StoredBatch& batch, int timeout_ms);
  Status send_event(kafka::Producer& producer, const event::Event& event, uint64_t token);
  Status send_rejected(kafka::Producer& producer, const spool::BatchView::RejectedEvent& rejected,
                       uint64_t token);
  Status send(kafka::Producer& producer, const std::string& topic, int32_t partition,
              const event::Event& event, event::Headers headers, uint64_t token);

  spool::Spool& spool_;
  const ShipRoute route_;
  const std::string failures_topic_;
  const uint64_t lane_number_;
  const std::string name_;
  const std::string rejected_stream_;

  ShippedAlready shipped_events_, shipped_rejected_;
  int32_t partitions_ = 1;
  int32_t failure_partitions_ = 1;
  int64_t next_batch_ = 0;
  int64_t suspect_below_ = 0;
  std::vector<Refusal> refusals_;  // of the batch that is sent singly
  std::deque<Sent> in_flight_;
  uint64_t in_flight_bytes_ = 0;
  uint64_t sent_ = 0;
  uint64_t skipped_ = 0;
  event::CloudEventFormatter cloud_event_;
  event::FailureFormatter failure_;
  std::array<kafka::HeaderView, event::FailureFormatter::headers_max> headers_;
};

/// Where an event goes: by its key as Java clients do it (murmur2), without a key one after the
/// other.
int32_t partition_of(const event::Event& event, int32_t partitions);

/// Tokens of the producer: which lane, which batch.
constexpr uint64_t lane_shift = 48;
inline uint64_t lane_of(uint64_t token) {
  return token >> lane_shift;
}
inline int64_t batch_of(uint64_t token) {
  return static_cast<int64_t>(token & ((1ull << lane_shift) - 1));
}

}  // namespace holdfast::pipeline
