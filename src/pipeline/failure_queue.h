#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "event/failure_record.h"
#include "kafka/producer.h"
#include "pipeline/deliver.h"
#include "pipeline/stop_signal.h"

namespace holdfast::pipeline {

/// The topic of events that a store refused.
/// Threads: one at a time.
class FailureQueue {
 public:
  FailureQueue(const DeliverSettings& settings, StopSignal& stop)
      : settings_(settings), stop_(stop) {}

  /// Makes the records durable, all of them, however long Kafka is away; only a request to stop
  /// (`interrupted`) or a refusal that no retry can mend (`invalid`: too large, not allowed) ends
  /// it sooner. A record whose outcome is unknown is sent again: the queue may hold it twice, under
  /// one stamp.
  Status put(std::span<const event::FailureRecord> records);

 private:
  Status open();
  /// One round: sends those that are not delivered yet. Answers how many are left.
  Result<size_t> send(std::span<const event::FailureRecord> records, std::vector<bool>& delivered);

  const DeliverSettings& settings_;
  StopSignal& stop_;
  std::unique_ptr<kafka::Producer> producer_;
  event::FailureFormatter formatter_;
  std::vector<kafka::HeaderView> headers_;
};

}  // namespace holdfast::pipeline
