#pragma once

#include <memory>
#include <string>

#include "base/os/net.h"
#include "base/os/process.h"

namespace holdfast::testing {

/// The real program as a broker, from its start until it is killed.
class BrokerLife {
 public:
  BrokerLife(const std::string& program, const std::string& data) {
    auto started =
        os::Process::start({.program = program,
                            .arguments = {"broker", "--data", data, "--listen", "127.0.0.1:0"},
                            .environment = {},
                            .error_file = {}});
    if (!started) return;
    process_ = std::move(*started);
    const auto line = process_->read_line(30'000);  // "ready 127.0.0.1:PORT"
    const size_t colon = line ? line->rfind(':') : std::string::npos;
    if (colon == std::string::npos) return;
    address_ = {"127.0.0.1", static_cast<uint16_t>(std::stoi(line->substr(colon + 1)))};
    ready_ = true;
  }
  bool ready() const { return ready_; }
  const os::Address& address() const { return address_; }
  void kill() {
    if (!process_) return;
    process_->signal(9);
    process_->wait(30'000);
  }

 private:
  std::unique_ptr<os::Process> process_;
  os::Address address_;
  bool ready_ = false;
};

}  // namespace holdfast::testing
