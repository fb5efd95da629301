#pragma once

#include <span>

#include "base/result.h"
#include "event/failure_record.h"

namespace holdfast::sink {

/// Where a store that stands in several data centers writes down what one of them missed.
/// Threads: one at a time.
class FailureLog {
 public:
  virtual ~FailureLog() = default;
  /// Makes the records durable, all of them, in the order given. Only when it answers well may a
  /// position pass their events. After an error some of them may be there: written again, a record
  /// is there twice under one stamp, which a repair absorbs. `interrupted`: asked to stop.
  virtual Status put(std::span<const event::FailureRecord> records) = 0;
};

}  // namespace holdfast::sink
