#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audit/report.h"
#include "base/result.h"
#include "event/event.h"
#include "kafka/consumer.h"
#include "kafka/settings.h"

namespace holdfast::audit {

/// Reads topics with read_committed from their oldest record to where they end now, and hands every
/// message over. Independent of the pipelines: a consumer of its own, positions of its own.
///
/// `timeout` when nothing comes for so long; `corrupt` when a part vanished under it (retention
/// while it was reading).
struct TopicReading {
  kafka::ClientSettings kafka;
  std::vector<std::string>
      topics;  // those that do not exist are passed over: nothing was written to them yet
  int timeout_ms = 60'000;
};
using VisitMessage = std::function<void(const kafka::Message&, TopicRange&)>;
Result<std::vector<TopicRange>> read_topics(const TopicReading& reading, const VisitMessage& visit);

/// The stamp of a message; false when it has none. The texts live as long as the message.
bool read_stamp(const kafka::Message& message, event::Stamp& stamp);

}  // namespace holdfast::audit
