#pragma once

#include <string>

#include "pipeline/failure_queue.h"
#include "sink/api/failure_log.h"

namespace holdfast::pipeline {

/// A failure log that is a Kafka topic, usually another data center's. `put` waits for that Kafka
/// for as long as it takes, so that nothing passes unrecorded; `stop` ends the wait.
///
/// Threads: one at a time, but for `stop`.
class QueuedFailures : public sink::FailureLog {
 public:
  QueuedFailures(std::string pipeline, kafka::ClientSettings client, std::string topic)
      : settings_{.name = std::move(pipeline),
                  .kafka = std::move(client),
                  .failure_topic = std::move(topic)} {}
  Status put(std::span<const event::FailureRecord> records) override { return queue_.put(records); }
  void stop() { stop_.raise(); }

 private:
  const DeliverSettings settings_;
  StopSignal stop_;
  FailureQueue queue_{settings_, stop_};
};

}  // namespace holdfast::pipeline
