#pragma once

#include <cstdint>
#include <vector>

#include "sink/api/sequence_set.h"
#include "sink/api/sink.h"

namespace holdfast::sink {

/// What a batch changes in a store that keeps sequences beside its rows.
struct Plan {
  std::vector<uint32_t> insert;   // the entries whose rows go in
  std::vector<Outcome> outcomes;  // one for each entry, when those are in
  bool deletes = false;           // there is a deletion among them
};

/// Enters the batch's events into the sets, and leaves out of `insert` what they hold already.
Plan plan(const Batch& batch, StreamSets& applied, StreamSets& filtered);

/// Strikes one event, once in a process, for the negative builds.
bool strike(const Entry& entry);

}  // namespace holdfast::sink
