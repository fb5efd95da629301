#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/failure_record.h"
#include "kafka/settings.h"
#include "repair/marks.h"
#include "sink/api/sink.h"

namespace holdfast::repair {

/// Events as the rows of a store, and those that could not be made into one.
struct Rows {
  sink::Batch batch;
  std::vector<sink::Written::Refusal> refused;
};

/// A store that missed something, opened for the data center that missed it, with the pipeline's
/// way of making rows. Used by one thread.
class Target {
 public:
  virtual ~Target() = default;
  virtual Status make_rows(std::span<const event::Consumed> events, Rows& rows) = 0;
  virtual sink::Sink& sink() = 0;
};

/// One record and where it stands.
struct Place {
  int32_t partition = 0;
  int64_t offset = 0;
};

struct RepairSettings {
  kafka::ClientSettings kafka = {};  // of the queue
  std::string queue = {};            // the failure queue's topic
  /// Opens the store of a record; asked once for each (pipeline, data center, store) and worker.
  std::function<Result<std::unique_ptr<Target>>(const event::FailureRecord&)> open = {};
  /// Which records to repair; by default those of kind `unavailable` and `unknown`.
  std::function<bool(const Place&, const event::FailureRecord&)> wanted = {};

  bool quarantined_too = false;

  size_t concurrency = 1'024;  // records under way at a time
  size_t workers = 2;          // connections to the store
  double rate = 0;             // records a second; 0: as fast as it goes
  uint64_t max = UINT64_MAX;   // records in this run
  int32_t attempts_max = 5;    // then a record is quarantined
  int store_attempts_max = 5;  // to reach a store that is away
  int64_t store_pause_ms = 500;
  bool dry_run = false;
};

struct RepairReport {
  uint64_t repaired = 0;     // in this run
  uint64_t superseded = 0;   // in this run: their key had a newer write
  uint64_t failing = 0;      // tried in this run and failed again
  uint64_t quarantined = 0;  // of those: given up
  uint64_t waiting = 0;      // not done, when the run began (of those that are wanted)
  uint64_t foreign = 0;      // records that are none of ours
  std::map<std::string, uint64_t> causes;  // of those that were waiting
  // Repaired and superseded that nobody was told of yet, those of runs that were killed included.
  uint64_t to_tell_repaired = 0, to_tell_superseded = 0;
  std::optional<Error> failure;  // why the run ended before its time
};

/// A request to stop that also ends waits. Any thread.
class Stop {
 public:
  void raise();
  bool raised() const;
  /// False when it was ended by a request to stop.
  bool sleep(int64_t milliseconds);

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

/// Re-applies what a data center missed, each event with its original version; reads it back there;
/// marks it done. Workers take records as they get free, so that no slow one holds the others up.
///
/// Killed at any point it loses nothing and counts nothing twice: a record that is not marked is
/// applied again, which changes nothing, and is counted by what the store says of it. A record that
/// fails again keeps its place, and after `attempts_max` attempts it is quarantined with its cause.
/// A store that stays away ends the run; its records wait.
///
/// Fails only when the queue itself cannot be read; trouble with a store is in the report.
Result<RepairReport> run(const RepairSettings& settings, Stop& stop);

/// Notes that people were told of all that is in the report.
Status mark_told(const RepairSettings& settings);

}  // namespace holdfast::repair
