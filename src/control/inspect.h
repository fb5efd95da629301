#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace holdfast::control {

/// What a log folder (of a broker or of a spool) holds, read without a lock and without ever
/// writing.
struct LogReport {
  struct Damage {
    std::string file;
    uint64_t position = 0;
    std::string what;
  };
  struct Frame {  // those asked for with `frames_max`
    uint64_t position = 0;
    std::string kind;
    uint32_t partition = 0;
    int64_t first_offset = 0;
    int64_t last_offset = 0;
    uint64_t bytes = 0;
  };
  std::string folder;
  uint64_t segments = 0;
  uint64_t frames = 0;
  uint64_t batch_frames = 0;
  uint64_t bytes = 0;
  uint64_t begin = 0;
  uint64_t end = 0;
  bool torn_tail = false;  // an unacknowledged tail: harmless, cut at the next start
  std::vector<Damage> damage;
  std::vector<Frame> first_frames;
};
Result<LogReport> inspect_log(const std::string& folder, uint64_t frames_max);

/// What a spool folder holds; also while a process has it open.
struct SpoolReport {
  struct Source {
    std::string name;
    int64_t epoch = 0;
    int64_t captured = 0;  // events stamped in this epoch
    int64_t shipped = 0;   // of these, known to be in Kafka (may lag behind)
    int64_t rejected = 0;  // pieces of input that are no events
  };
  LogReport log;
  uint64_t batches = 0;  // still in it
  uint64_t events = 0;
  std::vector<Source> sources;
};
Result<SpoolReport> inspect_spool(const std::string& folder);

/// A checkpoint file of a log folder.
struct CheckpointReport {
  uint64_t upto = 0;     // replay goes on at this position of the log
  uint64_t durable = 0;  // known to be on disk when it was written
  uint64_t state_bytes = 0;
};
/// `corrupt` when it does not check.
Result<CheckpointReport> inspect_checkpoint(const std::string& file);

/// An evidence file, checked.
struct EvidenceReport {
  bool accepted = false;
  uint64_t line = 0;  // the first that does not hold
  std::string why;
  std::string digest;
  uint64_t lines = 0;
  uint64_t windows = 0;
  uint64_t findings = 0;
};
/// With a `digest`, any other file is not accepted, however well it hangs together.
Result<EvidenceReport> verify_evidence(const std::string& file, const std::string& digest);

}  // namespace holdfast::control
