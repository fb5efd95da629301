#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/interval_set.h"
#include "kafka/consumer.h"

namespace holdfast::pipeline {

/// Which events of one stream are in its topic.
struct ShippedAlready {
  int64_t below = 0;          // all sequences below it are
  event::IntervalSet more{};  // and these

  bool contains(int64_t sequence) const { return sequence < below || more.contains(sequence); }
};

struct StreamRange {
  std::string_view source;  // as in ce_source
  int64_t epoch = 0;
  int64_t known_below = 0;  // these are known to be in the topic
  int64_t next = 0;         // and there are none at or above this one
  bool empty() const { return known_below >= next; }
};

/// Reads from the ends of the topic's partitions which events of the range are there, as far back
/// as needed: until, in each partition, something older than the range was met, or its beginning.
/// Costs nothing when the range is empty. Fails as `kafka::read_ranges` does.
Result<ShippedAlready> find_shipped(kafka::Consumer& consumer, const std::string& topic,
                                    int32_t partitions, const StreamRange& range, int timeout_ms);

}  // namespace holdfast::pipeline
