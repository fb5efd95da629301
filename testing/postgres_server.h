#pragma once

#include <csignal>
#include <memory>
#include <stdexcept>
#include <string>

#include "base/os/process.h"
#include "testing/temporary_folder.h"

namespace holdfast::testing {

/// A real PostgreSQL in a folder of its own (tools/postgres/run). It vanishes with the object.
class PostgresServer {
 public:
  PostgresServer() { start(); }
  ~PostgresServer() { stop(); }

  /// Starts it, or starts it again on its data and port.
  void start() {
    auto process = os::Process::start({.program = HOLDFAST_TOOLS "/postgres/run",
                                       .arguments = {"--data", folder_.path() + "/pg", "--quick",
                                                     "--pid-file", folder_.path() + "/pid"},
                                       .environment = {},
                                       .error_file = {}});
    if (!process) throw std::runtime_error(process.error().message);
    process_ = std::move(*process);
    const auto line = process_->read_line(60'000);
    if (!line || !line->starts_with("ready ")) throw std::runtime_error("no PostgreSQL");
    port_ = static_cast<uint16_t>(std::stoi(line->substr(line->rfind(':') + 1)));
  }
  void stop() {
    if (!process_) return;
    process_->signal(SIGTERM);
    if (!process_->wait(20'000)) process_->signal(SIGKILL);
    process_.reset();
  }
  /// The postmaster and, by it, every session.
  void kill_hard() {
    signal(SIGKILL);
    process_->wait(20'000);
    process_.reset();
  }
  /// To the postmaster alone.
  void signal(int number) { ::kill(pid(), number); }

  uint16_t port() const { return port_; }

 private:
  int pid() const {
    int pid = 0;
    if (FILE* file = std::fopen((folder_.path() + "/pid").c_str(), "r")) {
      if (std::fscanf(file, "%d", &pid) != 1) pid = 0;
      std::fclose(file);
    }
    return pid;
  }
  TemporaryFolder folder_;
  std::unique_ptr<os::Process> process_;
  uint16_t port_ = 0;
};

}  // namespace holdfast::testing
