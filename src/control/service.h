#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/kinds.h"
#include "settings/config.h"

namespace holdfast::control {

struct ServiceOptions {
  bool sources = true;
  bool pipelines = true;
  /// End when everything that is there now has been carried: files are read to their end, topics to
  /// theirs.
  bool once = false;
};

/// Where everything stands, as plain values.
struct ServiceProgress {
  struct Source {
    std::string name;
    std::string state;  // running, waiting, ended, failed, stopped
    std::string trouble;
    int64_t captured = 0;  // stamped and on disk
    int64_t shipped = 0;   // and in Kafka
    int64_t rejected = 0;  // input that is no event, on its way to the failure queue
    bool done = false;     // gave all it has, and all of it is in Kafka
  };
  struct Pipeline {
    std::string name;
    std::string store;
    std::string state;      // starting, running, waiting_for_..., ended, failed
    std::string message;    // why it waits or failed
    int64_t delivered = 0;  // offsets behind which the store stands, summed up: it goes on growing
                            // over restarts; the control records of transactions are counted, too
    int64_t lag = 0;          // not yet delivered, as last seen
    uint64_t superseded = 0;  // these and the next two since this process started
    uint64_t filtered = 0;
    uint64_t rejected = 0;
    bool done = false;  // ended
  };
  std::string broker;  // the address of the embedded broker; empty if there is none in this process
  std::string shipping;  // what keeps events from Kafka just now, if something does
  uint64_t spool_bytes = 0;
  std::vector<Source> sources;
  std::vector<Pipeline> pipelines;

  /// Nothing is left to be done by any of them. New input may still come, unless in mode `once`.
  bool done() const;
};

/// What `holdfast run` runs: broker if it is the embedded one, sources, pipelines. Parts that fail
/// do not stop the others.
///
/// Threads: `progress` from any, the rest from one.
class Service {
 public:
  /// Fails when something cannot work at all: a locked folder, SQL that is wrong, a store that
  /// cannot be opened.
  static Result<std::unique_ptr<Service>> start(const settings::Config& config, const Kinds& kinds,
                                                const ServiceOptions& options);
  virtual ~Service() = default;

  virtual ServiceProgress progress() const = 0;
  /// Whether there is no use in going on: in mode `once` all is carried; in any mode every part has
  /// failed, or the broker has.
  virtual bool over() const = 0;
  /// Stops cleanly: sources first. Answers the first error that a part has ended with.
  virtual Status stop() = 0;
};

}  // namespace holdfast::control
