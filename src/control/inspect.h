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

}  // namespace holdfast::control
