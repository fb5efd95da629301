#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "settings/config.h"

namespace holdfast::control {

/// One refused event in a failure queue.
struct Failure {
  std::string id;  // TOPIC/PARTITION/OFFSET
  std::string kind;
  std::string stage;
  std::string event;  // "ewr 1700000000000-42"
  std::string where;  // the file and line, or the store, that it failed at
  std::string cause_code;
  std::string cause;
  std::string json;  // all of it, with the payload, as one JSON object
};

struct FailureList {
  std::vector<Failure> failures;  // the oldest first
  uint64_t total = 0;             // in the queues; more than those listed if the limit was reached
  uint64_t foreign = 0;           // records there that are no failure records of ours
};

/// Reads the failure queues of a configuration (or only `topic`), read only.
Result<FailureList> list_failures(const settings::Config& config, const std::string& topic,
                                  uint64_t limit);
/// One of them. `not_found` when there is none of that id; `invalid` when the id has another form.
Result<Failure> show_failure(const settings::Config& config, const std::string& id);

}  // namespace holdfast::control
