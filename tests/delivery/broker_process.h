#pragma once

#include <string>
#include <sys/types.h>

#include "kafka/settings.h"
#include "testing/temporary_folder.h"

namespace holdfast::pipeline {

/// The program's own broker as a process of the test.
class BrokerProcess {
 public:
  BrokerProcess() = default;
  ~BrokerProcess() { kill_hard(); }
  BrokerProcess(const BrokerProcess&) = delete;
  BrokerProcess& operator=(const BrokerProcess&) = delete;

  /// Starts it, or starts it again on its data and port. False when the program has not been built.
  bool start();
  void kill_hard();
  kafka::ClientSettings client() const {
    return {.bootstrap_servers = address_, .client_id = "test", .extra = {}};
  }

 private:
  testing::TemporaryFolder folder_;
  std::string address_;
  pid_t process_ = -1;
};

}  // namespace holdfast::pipeline
