#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace holdfast::os {

struct ProcessSettings {
  std::string program;  // a path
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  // beside what this process has
  std::string error_file;  // its standard error is added to this file; empty: it is ours
};

/// A child process whose standard output is read line by line. It dies with this process, however
/// this one ends (Linux's parent-death signal, so start it from a thread that lives as long as the
/// process), and it is not in the terminal's foreground group: Ctrl-C reaches only us.
///
/// Threads: one at a time.
class Process {
 public:
  static Result<std::unique_ptr<Process>> start(const ProcessSettings& settings);
  /// Kills it, if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int id() const { return id_; }
  /// The next line without its end, waiting for it at most so long. Nothing: none came, or the
  /// output has ended.
  std::optional<std::string> read_line(int64_t timeout_ms);
  /// The last whole line that is there now, without waiting; those before it are thrown away.
  std::optional<std::string> last_line();
  void signal(int number);
  /// How it ended: its exit code, or minus the signal that killed it. Nothing: it still runs.
  std::optional<int> ended();
  /// The same, waiting at most so long.
  std::optional<int> wait(int64_t timeout_ms);

 private:
  Process(int id, int handle, int output) : id_(id), handle_(handle), output_(output) {}
  /// Waits until more output has come (or the end of it). False when the time is over.
  bool fill(int64_t timeout_ms);

  const int id_;
  const int handle_;  // pidfd: ready when it has ended
  const int output_;
  std::string pending_;
  bool output_ended_ = false;
  std::optional<int> ended_;
};

/// Lets this process have as many files and connections open as its hard limit allows: the soft one
/// (1024 on most systems) is there for programs that use select().
void raise_file_limit();

/// Who this process is, for other processes.
std::string host_name();
int process_id();
/// Whether this machine (this container) has such a process now.
bool process_exists(int id);

/// The path of the program that runs.
Result<std::string> own_program();

}  // namespace holdfast::os
