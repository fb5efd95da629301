#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "pipeline/failure_queue.h"
#include "pipeline/failure_spool.h"
#include "sink/api/failure_log.h"

namespace holdfast::pipeline {

/// A failure log that is a Kafka topic, usually another data center's. While that Kafka is away the
/// records wait in a spool on this machine, durably, and a thread brings them there later; without
/// a spool `put` waits for Kafka, as long as it takes. Either way nothing passes unrecorded.
///
/// NOT promised: that a record is in the topic once. One whose outcome was unknown, or which was
/// sent from the spool just before a crash, may be there twice, under one stamp.
///
/// Threads: one at a time, but for `stop` and `spooled`.
class QueuedFailures : public sink::FailureLog {
 public:
  /// `name`: who writes, unique in the spool. `spool`: outlives this; null: none.
  QueuedFailures(std::string pipeline, kafka::ClientSettings client, std::string topic,
                 FailureSpool* spool = nullptr, std::string name = {});
  ~QueuedFailures() override;

  /// Sends what a run before has left in the spool. Fails when it cannot be opened.
  Status start();
  Status put(std::span<const event::FailureRecord> records) override;
  void stop() { stop_.raise(); }
  /// Batches of records that wait in the spool.
  int64_t spooled() const;

 private:
  Status open_spool();
  Status append(std::span<const event::FailureRecord> records, const std::vector<bool>& delivered);
  Status append_batch(const spool::BatchBuilder& batch);
  void ship();
  /// False: nothing was there to be sent.
  Result<bool> ship_next(FailureQueue& queue);

  const DeliverSettings settings_;
  StopSignal stop_;
  FailureQueue queue_{settings_, stop_};
  FailureSpool* const folder_;
  const std::string name_;
  std::atomic<spool::Spool*> spool_ = nullptr;  // once it is needed
  spool::SourceId source_{};
  std::thread shipping_;
};

}  // namespace holdfast::pipeline
