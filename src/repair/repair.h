#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/failure_record.h"
#include "kafka/settings.h"
#include "repair/lease.h"
#include "repair/marks.h"
#include "repair/stop.h"
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
  std::function<Result<std::unique_ptr<Target>>(const event::FailureRecord&, size_t worker)> open =
      {};
  /// Which records to repair; by default those of kind `unavailable` and `unknown`.
  std::function<bool(const Place&, const event::FailureRecord&)> wanted = {};

  /// A person asked for these: quarantined ones too, and those that are older than the store
  /// remembers deletions.
  bool by_hand = false;

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
  uint64_t undecided = 0;    // put aside: an old write could bring a deleted row back
  uint64_t waiting = 0;      // not done, when the run began (of those that are wanted)
  uint64_t foreign = 0;      // records that are none of ours
  std::map<std::string, uint64_t> causes;  // of those that were waiting
  // Repaired and superseded that nobody was told of yet, those of runs that were killed included.
  uint64_t to_tell_repaired = 0, to_tell_superseded = 0;
  uint64_t all_repaired = 0, all_superseded = 0;  // ever
  /// What kept the run from doing all; records of other stores were repaired all the same.
  std::optional<Error> failure;
  bool stopped = false;  // asked to, which is no failure: what is left waits for the next run
  /// Held until it is let go, so that nobody else tells the same meanwhile.
  std::shared_ptr<Lease> lease;
};

/// Re-applies what a data center missed, each event with its original version; reads it back there;
/// marks it done. Workers take records as they get free, so that no slow one holds the others up.
///
/// Killed at any point it loses nothing and counts nothing twice: a record that is not marked is
/// applied again, which changes nothing, and is counted by what the store says of it. A record that
/// fails again keeps its place, and after `attempts_max` attempts it is quarantined with its cause.
/// The records of a store that stays away wait; those of others go on. A record whose pipeline or
/// store the configuration has no more fails with that cause. A record older than its store
/// remembers deletions is put aside (quarantined with the code `needs_decision`) until a person
/// decides.
///
/// Fails only when the queue itself cannot be read, or with `locked` when another run is at it;
/// trouble with a store is in the report. A run that is asked to stop while it waits for another
/// one answers `interrupted`.
Result<RepairReport> run(const RepairSettings& settings, Stop& stop);

/// Notes that people were told of all that is in the report.
Status mark_told(const RepairReport& report);

}  // namespace holdfast::repair
