#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/os/clock.h"
#include "base/os/files.h"
#include "base/result.h"
#include "pipeline/capture_loop.h"
#include "pipeline/ship.h"
#include "source/api/source.h"
#include "spool/spool.h"

namespace holdfast::pipeline {

struct CaptureSource {
  std::string name;  // becomes ce_source: never to be given to another source of the same data
  std::unique_ptr<source::Source> source;
  std::string topic;
  int32_t partitions = 1;
};

struct CaptureSettings {
  spool::SpoolSettings spool;
  ShipSettings ship;
  source::ReadLimits limits{};
};

/// How far a source has come; every number counts events of this spool's epoch, from 0.
struct SourceProgress {
  std::string name;
  std::string topic;
  int64_t epoch = 0;
  int64_t captured = 0;          // stamped
  int64_t durable = 0;           // and on disk
  int64_t shipped = 0;           // and known to be in Kafka
  int64_t rejected = 0;          // lines, stamped as events of "<name>/rejected"
  int64_t rejected_shipped = 0;  // and known to be in the failures topic
  CaptureState state = CaptureState::stopped;
  std::optional<Error> trouble;
};

struct CaptureProgress {
  std::vector<SourceProgress> sources;
  ShipProgress ship;
  spool::SpoolStatus spool;

  /// Every source has ended and everything of it is in Kafka.
  bool finished() const;
};

/// The capture half of a process: sources -> spool -> Kafka, each source in a thread of its own,
/// one for shipping.
///
/// It survives kill -9 at any point: events that had reached the spool's disk keep their stamps,
/// others are read again and get the same sequence numbers. NOT promised: the same stamp for an
/// event that was never durable.
///
/// Threads: `progress` from any; the rest from the owner's.
class Capture {
 public:
  /// Opens the spool and starts all. Fails as Spool::open does, or `invalid` when two sources have
  /// the same name.
  static Result<std::unique_ptr<Capture>> start(os::Files& files, os::Clock& clock,
                                                CaptureSettings settings,
                                                std::vector<CaptureSource> sources);
  /// Stops.
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  /// Sources first, then gives what is in flight up to `grace_ms` to arrive. What is in the spool
  /// stays there.
  void stop(int64_t grace_ms = 3'000);

  CaptureProgress progress() const;

 private:
  Capture() = default;

  std::unique_ptr<spool::Spool> spool_;
  std::vector<std::string> topics_;
  std::vector<std::unique_ptr<CaptureLoop>> loops_;
  std::unique_ptr<Shipper> shipper_;
};

}  // namespace holdfast::pipeline
