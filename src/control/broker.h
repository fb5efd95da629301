#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace holdfast::control {

struct BrokerOptions {
  std::string data;
  std::string listen = "127.0.0.1:9092";
  std::optional<std::string> advertised;
  bool insecure = false;
  std::vector<std::string> set =
      {};  // NAME=VALUE, by the names that Kafka gives to a broker's settings
  std::optional<std::string> metrics = {};  // HOST:PORT of an HTTP server for those who watch
  std::string data_setting =
      "--data";  // how the user names the folder, for the hint when it is taken
};

/// A broker that serves until it is stopped. Threads: any.
class RunningBroker {
 public:
  /// Errors say what to do: another process has the folder open, the address is taken or not
  /// allowed, the folder is damaged.
  static Result<std::unique_ptr<RunningBroker>> start(const BrokerOptions& options);
  virtual ~RunningBroker() = default;
  /// HOST:PORT, with the real port.
  virtual std::string address() const = 0;
  /// Where /metrics and /ready are served, with the real port; empty when not asked for.
  virtual std::string metrics_address() const = 0;
  /// Waits until it has stopped; an error is why it stopped by itself.
  virtual Status wait() = 0;
  virtual Status stop() = 0;
};

/// Where a running broker of ours leaves its address, for commands that look at it. Without meaning
/// when none runs.
std::string address_file(const std::string& data_folder);

}  // namespace holdfast::control
