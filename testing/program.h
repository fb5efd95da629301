#pragma once

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/os/process.h"
#include "testing/temporary_folder.h"

namespace holdfast::testing {

inline std::string content_of(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// A program's run from beginning to end.
struct Ran {
  int code = 0;        // exit code, or minus the signal
  std::string output;  // standard output
  std::string errors;  // standard error
};

/// The real program, as a user would call it, with a folder of its own for what it writes.
class Program {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  explicit Program(std::string path) : path_(std::move(path)) {}

  /// Runs it to its end, at most so long; a program that hangs is killed and answers -9.
  Ran run(std::vector<std::string> arguments, Environment environment = {},
          int64_t timeout_ms = 60'000) {
    auto process = start(std::move(arguments), std::move(environment));
    Ran ran;
    while (auto line = process->read_line(timeout_ms)) ran.output += *line + "\n";
    const auto code = process->wait(timeout_ms);
    if (!code) process->signal(9);
    ran.code = code ? *code : process->wait(10'000).value_or(-9);
    ran.errors = content_of(errors_);
    return ran;
  }

  std::unique_ptr<os::Process> start(std::vector<std::string> arguments,
                                     Environment environment = {}) {
    errors_ = folder_.path() + "/errors-" + std::to_string(runs_++);
    auto process = os::Process::start({.program = path_,
                                       .arguments = std::move(arguments),
                                       .environment = std::move(environment),
                                       .error_file = errors_});
    if (!process) throw std::runtime_error(process.error().message);
    return std::move(*process);
  }

  /// A folder for the test; vanishes at the end.
  const std::string& folder() const { return folder_.path(); }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  /// What the last started run wrote on standard error so far.
  std::string errors() const { return content_of(errors_); }

 private:
  std::string path_;
  TemporaryFolder folder_;
  std::string errors_;
  int runs_ = 0;
};

}  // namespace holdfast::testing
