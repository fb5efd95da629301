#pragma once

#include <string>
#include <vector>

#include "event/event.h"
#include "kafka/events/event_reader.h"
#include "transform/event_batch.h"

namespace holdfast::pipeline {

/// Events that were read together, and what their messages could not be made into.
struct Decoded {
  transform::EventBatch events;
  /// Messages that carry our headers, but wrong ones: under a stamp of their place in the topic,
  /// with the reason.
  transform::EventBatch unreadable;
  std::vector<std::string> reasons;
};

/// Kafka messages into events. A message without our headers (a foreign topic) gets a stamp from
/// its place: source "kafka:TOPIC/PARTITION", epoch 0, sequence and version its offset.
class Decoder {
 public:
  void decode(const kafka::Message& message, Decoded& to);

 private:
  event::Event by_place(const kafka::Message& message);
  kafka::EventReader reader_;
  std::string source_;  // of the last message without a stamp
};

}  // namespace holdfast::pipeline
