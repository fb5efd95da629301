#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/offsets.h"
#include "broker/coordinator/state_bytes.h"

namespace holdfast::broker::coordinator {

/// Kafka's states of a transactional id, with its numbers. Two of them are never seen at rest: here
/// the bumped epoch of a fence is prepared and kept by one record, and a dead id is gone at once.
enum class TransactionState : uint8_t {
  empty = 0,            // no transaction was begun since the producer took the id
  ongoing = 1,          // partitions or groups have joined
  prepare_commit = 2,   // decided for good; markers and offsets follow
  prepare_abort = 3,    // likewise
  complete_commit = 4,  // all of it is in the log
  complete_abort = 5,
  dead = 6,
  prepare_epoch_fence = 7,
};
inline constexpr uint8_t transaction_states = 8;
/// Kafka's spelling, for example "PrepareCommit".
std::string_view name(TransactionState state);

/// Epochs above this one are for fencing only, so that fencing is always possible.
inline constexpr int16_t last_producer_epoch = INT16_MAX - 1;

/// A transactional id: who owns it (producer id and epoch), and its transaction if one is open.
struct Transaction {
  std::string id;
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  int16_t last_epoch = -1;            // of the same owner before; -1: it cannot be a retry of him
  int64_t previous_producer_id = -1;  // whose epochs were used up
  int64_t next_producer_id = -1;      // takes over when the prepared transaction is complete
  int32_t timeout_ms = 0;
  TransactionState state = TransactionState::empty;
  bool implicit = false;  // its client speaks TV2 (KIP-890): partitions join by being written to
  std::set<uint32_t> partitions;  // log ids; once prepared: those whose marker is missing
  std::set<std::string> groups;   // whose offsets are in it
  int64_t start_ms = -1;
  int64_t updated_ms = 0;

  bool prepared() const {
    return state == TransactionState::prepare_commit || state == TransactionState::prepare_abort;
  }
  bool commits() const {
    return state == TransactionState::prepare_commit || state == TransactionState::complete_commit;
  }
  bool epochs_used_up() const { return producer_epoch >= last_producer_epoch; }

  void write(StateWriter& out) const;
  static Transaction read(StateReader& in);
};

// What changes them; each is a frame of its own (docs/formats/broker-state.md).

/// A producer took the id (InitProducerId): from now on it is this producer id and epoch.
struct TransactionalIdTaken {
  std::string id;
  int64_t producer_id = -1;
  int16_t producer_epoch = -1;
  int16_t last_epoch = -1;
  int64_t previous_producer_id = -1;
  int32_t timeout_ms = 0;
  int64_t time_ms = 0;

  void write(StateWriter& out) const;
  static TransactionalIdTaken read(StateReader& in);
};

/// Partitions and groups joined the transaction; the first ones begin it.
struct TransactionGrew {
  int64_t producer_id = -1;
  bool implicit = false;
  std::vector<uint32_t> partitions;
  std::vector<std::string> groups;
  int64_t time_ms = 0;

  void write(StateWriter& out) const;
  static TransactionGrew read(StateReader& in);
};

/// The outcome is decided. Whatever happens, it is carried through: by this run or by the next.
struct TransactionPrepared {
  int64_t producer_id = -1;
  bool commit = false;
  int16_t producer_epoch = -1;  // of the markers
  int16_t last_epoch = -1;
  int64_t next_producer_id = -1;
  int64_t time_ms = 0;

  void write(StateWriter& out) const;
  static TransactionPrepared read(StateReader& in);
};

/// Every partition has its marker; the groups' offsets count from here on, or are dropped.
struct TransactionCompleted {
  int64_t producer_id = -1;
  int64_t time_ms = 0;

  void write(StateWriter& out) const;
  static TransactionCompleted read(StateReader& in);
};

/// Offsets that count if the transaction commits.
struct TransactionOffsetsStored {
  int64_t producer_id = -1;
  OffsetsCommitted offsets;

  void write(StateWriter& out) const;
  static TransactionOffsetsStored read(StateReader& in);
};

/// Nobody has used the id for long.
struct TransactionalIdForgotten {
  std::string id;

  void write(StateWriter& out) const { out.text(id); }
  static TransactionalIdForgotten read(StateReader& in) { return {std::string(in.text())}; }
};

}  // namespace holdfast::broker::coordinator
