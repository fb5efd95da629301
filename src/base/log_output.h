#pragma once

#include <cstdint>
#include <string>

#include "base/log_line.h"
#include "base/result.h"

namespace holdfast {

/// Where log lines go, and how they look.
struct LogOutput {
  LogLevel level = LogLevel::info;
  /// Each line one JSON object: `time`, `level`, `component`, `message`.
  bool json = false;
  /// Of text, in spdlog's placeholders; %v is the component and the message. Empty: the usual one.
  std::string pattern = {};
  /// Instead of standard error. When it has reached `bytes_max` it becomes FILE.1 (name.1.log for
  /// name.log), what was that FILE.2, and so on, of which `files_max` are kept.
  std::string file = {};
  uint64_t bytes_max = 64ull << 20;
  uint64_t files_max = 5;
};

/// Fails with `io` when the file cannot be opened; all is as before then. Call it before other
/// threads log.
Status set_log_output(const LogOutput& output);

}  // namespace holdfast
