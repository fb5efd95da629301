#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <unordered_map>
#include <vector>

#include "broker/coordinator/state_bytes.h"

namespace holdfast::broker::coordinator {

/// What an idempotent batch says of itself (KIP-98).
struct ProducedBatch {
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  int32_t first_sequence = -1;
  int32_t last_sequence = -1;
  int64_t base_offset = -1;
  int64_t timestamp_ms =
      -1;  // what the answer to the producer says: -1 unless the topic stamps the broker's time
};

enum class ProduceVerdict {
  append,
  duplicate,     // it is in the log already: answer its offset
  out_of_order,  // OUT_OF_ORDER_SEQUENCE_NUMBER: one before it is missing
  fenced,        // INVALID_PRODUCER_EPOCH: a newer owner of the producer id has written
};

struct ProduceDecision {
  ProduceVerdict verdict = ProduceVerdict::append;
  int64_t base_offset = -1;  // of the original, for a duplicate
  int64_t timestamp_ms = -1;
};

/// One partition's memory of its idempotent producers: for each the epoch and its last five
/// batches, so that a batch sent again is recognised. `check` decides and `replay` changes, on the
/// live path and after a restart alike.
class ProducerStates {
 public:
  /// `from_start`: who is not known here has to begin with sequence 0, as with TV2 (KIP-890), whose
  /// producers can begin anew at any time; otherwise he may go on with any.
  ProduceDecision check(const ProducedBatch& batch, bool from_start = false) const;
  /// Takes a batch that is in the log.
  void replay(const ProducedBatch& batch, int64_t now_ms);

  /// A batch of a producer that is not known here was refused for now: it is to be sent again.
  /// Until then those behind it are out of order; without this they would be taken, since anything
  /// is taken from who is not known. Not durable: a connection does not outlive a restart.
  void note_refused(const ProducedBatch& batch);

  /// Takes a marker, which ends a transaction of this producer: with a higher epoch, whatever is
  /// on its way under the old one is fenced.
  void replay_marker(int64_t producer_id, int16_t producer_epoch, int64_t now_ms);

  /// Says which producers are not to be forgotten: those with an open transaction.
  using Needed = std::function<bool(int64_t producer_id)>;
  /// Forgets those not seen since `before_ms`. Any sequence is accepted from them then.
  void expire(int64_t before_ms, const Needed& needed = {});
  /// Forgets the longest idle ones until at most `most` are left.
  void shrink(size_t most, const Needed& needed = {});
  size_t size() const { return producers_.size(); }
  /// Of each producer, the last offset of its newest batch, ascending: what compaction must not
  /// take.
  std::vector<int64_t> last_offsets() const;

  /// What a tool is told of a producer.
  struct Seen {
    int64_t producer_id = -1;
    int16_t producer_epoch = -1;
    int32_t last_sequence = -1;
    int64_t last_seen_ms = -1;
  };
  std::vector<Seen> all() const;

  void write(StateWriter& out) const;
  void read(StateReader& in, int64_t now_ms);

 private:
  static constexpr size_t kBatchesKept = 5;  // as many as a Java producer may have in flight
  struct Batch {
    int32_t first_sequence = 0;
    int32_t last_sequence = 0;
    int64_t base_offset = 0;
    int64_t timestamp_ms = -1;
  };
  struct Producer {
    int16_t epoch = 0;
    uint8_t kept = 0;  // of `batches`, oldest first
    std::array<Batch, kBatchesKept> batches;
    int64_t last_seen_ms = 0;
  };
  struct Refused {
    int16_t epoch = -1;
    int32_t first_sequence = -1;
  };
  static constexpr size_t kRefusedKept = 1000;
  std::unordered_map<int64_t, Producer> producers_;
  std::map<int64_t, Refused> refused_;  // by producer id; the first one of each that was refused
};

}  // namespace holdfast::broker::coordinator
