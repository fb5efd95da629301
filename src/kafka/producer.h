#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "kafka/settings.h"
#include "record/record_reader.h"

namespace holdfast::kafka {

using record::HeaderView;

struct ProducerSettings {
  /// No doubles and no reordering within this producer's life, whatever is retried (KIP-98).
  bool idempotent = true;
  double linger_ms = 5;
  int32_t batch_bytes = 1'000'000;  // of one batch to one partition
  int32_t batch_messages = 10'000;
  int32_t message_bytes_max = 1'000'000;  // of one message, before compression
  std::string compression = "none";       // none, gzip, snappy, lz4, zstd
  std::string transactional_id = {};      // empty: no transactions
  int32_t transaction_timeout_ms = 60'000;
  /// After so long without an answer a message's outcome is `unavailable` (never sent) or
  /// `unknown`.
  int32_t delivery_timeout_ms = 30'000;
  /// What may wait in the producer; `send` answers `limit` above either.
  int32_t queue_messages_max = 500'000;
  int32_t queue_bytes_max = 64 << 20;
};

/// How a message ended.
enum class DeliveryOutcome : uint8_t {
  delivered,    // acknowledged by all in-sync replicas
  unavailable,  // surely not written; may be sent again
  rejected,     // surely not written, and sending the same again is useless
  unknown,      // may have been written; only an idempotent retry or a read-back tells
};
const char* name(DeliveryOutcome outcome);

struct Delivery {
  uint64_t token = 0;  // the sender's
  DeliveryOutcome outcome = DeliveryOutcome::unknown;
  int32_t partition = -1;
  int64_t offset = -1;     // when delivered
  const char* cause = "";  // static text, empty when delivered
};

/// A message to be sent. Everything is copied by `send`, but for a pinned value.
struct OutMessage {
  int32_t partition = -1;  // -1: by key, as Java clients do it (murmur2); without a key any
  std::optional<ByteView> key = {};
  std::optional<ByteView> value = {};  // none is a tombstone
  std::span<const HeaderView> headers = {};
  int64_t timestamp_ms = 0;  // 0: now
  uint64_t token = 0;        // comes back in the Delivery
  /// The value's bytes stay in place until the Delivery was polled, and need not be copied.
  bool value_pinned = false;
};

/// How a step of a transaction ended.
enum class TransactionOutcome : uint8_t {
  done,
  retry,       // not finished; may or may not be done: call the same function again
  must_abort,  // surely not committed; call `abort_transaction`
  fenced,      // a newer producer has the transactional id; what this one was committing is unknown
  fatal,       // this producer is of no use any more; what it was committing is unknown
};
const char* name(TransactionOutcome outcome);
struct TransactionStep {
  TransactionOutcome outcome = TransactionOutcome::done;
  std::string why;
  bool done() const { return outcome == TransactionOutcome::done; }
};

/// Offset of the next message to read, for `send_offsets`.
struct CommittedOffset {
  std::string_view topic;
  int32_t partition = 0;
  int64_t next_offset = 0;
};

/// Sends messages. Every accepted message gets exactly one Delivery, also when it fails and when no
/// broker answers.
///
/// Threads: one at a time. Work happens on librdkafka's own threads; Deliveries come only out of
/// `poll` and `flush`. Not promised: that a message of outcome `unknown` was or was not written.
class Producer {
 public:
  /// Fails with `invalid` on settings that librdkafka refuses. Does not wait for a broker.
  static Result<std::unique_ptr<Producer>> create(const ClientSettings& client,
                                                  const ProducerSettings& settings = {});
  /// Drops what was not delivered: flush first.
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  /// Queues a message. Fails with `limit` (queue full: poll, then again), `invalid` (too large),
  /// `not_found` (the topic has no such partition), `fenced`, or `unknown_outcome` after a fatal
  /// error (see `fatal`). A failed send has no Delivery.
  Status send(std::string_view topic, const OutMessage& message);

  /// Deliveries that came in, waiting up to `timeout_ms` for the first. Valid until the next poll
  /// or flush.
  std::span<const Delivery> poll(int timeout_ms);

  /// Sends what lingers and waits until all messages have ended or the time is up; answers their
  /// Deliveries together. `in_flight()` tells whether all had ended.
  std::span<const Delivery> flush(int timeout_ms);

  /// Messages accepted whose Delivery was not polled yet.
  size_t in_flight() const;

  /// Set once an error ended this producer's use (fenced, lost sequence): make a new one.
  std::optional<Error> fatal() const;

  // Transactions; only with a transactional id. `init_transactions` fences predecessors and aborts
  // what they left open.
  TransactionStep init_transactions(int timeout_ms);
  TransactionStep begin_transaction();
  /// Offsets for a group, written with the transaction. `group_id` without members (a manual
  /// assignment).
  TransactionStep send_offsets(std::span<const CommittedOffset> offsets,
                               const std::string& group_id, int timeout_ms);
  /// Flushes, then commits. Poll the Deliveries afterwards.
  TransactionStep commit_transaction(int timeout_ms);
  TransactionStep abort_transaction(int timeout_ms);

 private:
  struct Impl;
  explicit Producer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::kafka
