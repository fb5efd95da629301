#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/kinds.h"
#include "repair/repair.h"
#include "settings/config.h"

namespace holdfast::control {

/// One event in a failure queue.
struct Failure {
  std::string id;  // TOPIC/PARTITION/OFFSET
  std::string kind;
  std::string stage;
  std::string event;  // "ewr 1700000000000-42"
  std::string where;  // the file and line, or the store, that it failed at
  std::string cause_code;
  std::string cause;
  std::string state;  // waiting, failing, quarantined; repaired, superseded, dropped
  std::string note;   // of a repair that failed, or who dropped it and why
  std::string json;   // all of it, with the payload, as one JSON object
};

/// Which failure records are meant. All that is given must fit.
struct FailureFilter {
  std::vector<std::string> ids = {};  // TOPIC/PARTITION/OFFSET; empty: any
  std::string topic = {};             // empty: all queues of the configuration
  std::string cause = {};             // the code, or a part of the text
  std::string key = {};               // of the event
  std::string pipeline = {};
  int64_t since_us = INT64_MIN, until_us = INT64_MAX;  // of the last failure
  bool settled_too = false;  // also what is repaired, superseded or dropped

  /// Nothing but `topic` and `settled_too` is given.
  bool everything() const;
};

/// A queue that could not be read: the Kafka that keeps it is away.
struct MissingQueue {
  std::string queue;
  std::string kafka;  // its bootstrap servers
  Error why;
};

struct FailureList {
  std::vector<Failure> failures;      // the oldest of each partition first
  uint64_t total = 0;                 // that fit; more than those listed if the limit was reached
  uint64_t foreign = 0;               // records there that are no failure records of ours
  std::vector<MissingQueue> missing;  // what is listed is not all, then
  uint64_t spooled = 0;  // of what data centers missed: they wait here until their Kafka takes them
};

/// Reads the failure queues of a configuration, those of the data centers too; read only. A queue
/// that cannot be read does not keep the others from being listed.
Result<FailureList> list_failures(const settings::Config& config, const FailureFilter& filter,
                                  uint64_t limit);
/// One of them, settled or not. `not_found` when there is none of that id; `invalid` when the id
/// has another form.
Result<Failure> show_failure(const settings::Config& config, const std::string& id);

/// Each record that fits, as it is found; answers how many.
Result<FailureList> export_failures(const settings::Config& config, const FailureFilter& filter,
                                    const std::function<Status(const Failure&)>& visit);

/// Marks those that fit as dropped, with who and why: nothing replays them any more. They stay in
/// the queue. Answers how many. Fails at the first queue that cannot be read.
Result<uint64_t> drop_failures(const settings::Config& config, const FailureFilter& filter,
                               const std::string& who, const std::string& why);

/// Applies those that fit once more because a person says so: rejected and quarantined ones too,
/// and those that are older than a store remembers deletions. Those that could not be captured from
/// their source cannot be replayed. One report for each queue that has any, or that cannot be read.
struct Replayed {
  std::string queue;
  repair::RepairReport report;
};
Result<std::vector<Replayed>> replay_failures(const settings::Config& config, const Kinds& kinds,
                                              const FailureFilter& filter, repair::Stop& stop);

}  // namespace holdfast::control
