#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "event/failure_record.h"
#include "kafka/producer.h"
#include "pipeline/ship.h"
#include "pipeline/shipped_already.h"
#include "spool/spool.h"

namespace holdfast::pipeline {

/// Of messages that were sent.
struct SentAmount {
  uint64_t messages = 0;
  uint64_t payload_bytes = 0;  // keys and values
  uint64_t bytes = 0;          // about what they take in a batch
};

/// One source's way from the spool to its topic: batches are sent in order, within the transaction
/// that the producer has open, and noted as shipped once that is committed. Threads: its worker's
/// only.
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
  /// Nothing that was sent and not settled counts. No producer may hold it any more.
  void go_back();

  /// The next batches, a few hundred KiB; none when everything durable was sent.
  Result<std::vector<spool::StoredBatch>> next();
  Status send(kafka::Producer& producer, std::span<const spool::StoredBatch> batches);
  /// Since the last `settle` or `go_back`.
  const SentAmount& amount() const { return amount_; }
  int32_t partitions() const { return partitions_; }
  /// Something in this batch was refused for good, it is not known what: `send_singly` finds out.
  void suspect(int64_t batch_number) {
    suspect_below_ = std::max(suspect_below_, batch_number + 1);
  }
  bool suspicious() const { return next_batch_ < suspect_below_; }
  /// Sends the suspect batches in transactions of few messages, and what is refused into the
  /// failure topic, in the transaction of its neighbours. `producer` packs each message alone, so
  /// that a refusal names it, and has no transaction open. Blocks; anything but delivery and
  /// refusal is an error. Answers how many were refused.
  Result<uint64_t> send_singly(kafka::Producer& producer, int timeout_ms);
  /// Notes as shipped what was sent: it is committed.
  void settle();

  uint64_t sent() const { return sent_; }
  uint64_t skipped() const { return skipped_; }

 private:
  struct Sent {
    int64_t batch = -1;  // the last one
    int64_t next_sequence = 0;
    int64_t next_rejected_sequence = 0;
  };
  struct Refusal {
    uint64_t message = 0;  // its place in the batch
    std::string cause;
  };
  /// Some messages of a batch, by their places in it.
  struct Part {
    const spool::StoredBatch& batch;
    uint64_t from = 0;
    uint64_t to = 0;
  };

  Status send_batch(kafka::Producer& producer, const spool::StoredBatch& batch);
  void note_sent(const spool::StoredBatch& batch);
  Status send_carefully(kafka::Producer& producer, const spool::StoredBatch& batch, int timeout_ms);
  Result<bool> try_part(kafka::Producer& producer, const Part& part, int timeout_ms);
  Status send_part(kafka::Producer& producer, const Part& part);
  Status await_answers(kafka::Producer& producer, size_t refusals_before, int timeout_ms);
  Status send_refused(kafka::Producer& producer, const event::Event& event, const Refusal& refusal);
  const Refusal* refusal_of(uint64_t message) const;
  Status refused(uint64_t message, std::string cause);
  Status send_event(kafka::Producer& producer, const event::Event& event, uint64_t token);
  Status send_rejected(kafka::Producer& producer, const spool::BatchView::RejectedEvent& rejected,
                       uint64_t token);
  Status send_message(kafka::Producer& producer, const std::string& topic, int32_t partition,
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
  std::vector<Refusal> refusals_;                  // of the batch that is sent singly
  spool::BatchHeader singly_;                      // of the same
  Sent sent_upto_;                                 // in the open transaction
  std::vector<std::shared_ptr<const void>> pins_;  // the producer reads the values in place
  uint64_t sent_ = 0;
  SentAmount amount_;
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
