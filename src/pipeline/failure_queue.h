#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

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
  /// The same, giving up after so long (`unavailable`): `delivered` says which are in, beyond
  /// doubt.
  Status put(std::span<const event::FailureRecord> records, std::vector<bool>& delivered,
             int64_t give_up_ms);

  /// A record as it is on Kafka already.
  struct Message {
    std::optional<std::string_view> key, value;
    event::Headers headers;
  };
  /// `at` is asked for each message, in any order, perhaps several times.
  using At = std::function<Message(size_t)>;
  Status put(size_t count, const At& at);

 private:
  Status put(const At& at, std::vector<bool>& delivered, int64_t give_up_ms);
  Status open(int64_t until_ms);
  /// One round: sends those that are not delivered yet. Answers how many are left.
  Result<size_t> send(const At& at, std::vector<bool>& delivered, int64_t until_ms);

  const DeliverSettings& settings_;
  StopSignal& stop_;
  std::unique_ptr<kafka::Producer> producer_;
  event::FailureFormatter formatter_;
  std::vector<kafka::HeaderView> headers_;
};

}  // namespace holdfast::pipeline
