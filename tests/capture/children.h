#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "event/event.h"
#include "kafka/producer.h"
#include "pipeline/capture.h"
#include "spool/spool.h"
#include "testing/temporary_folder.h"

namespace holdfast::pipeline {

/// This test program, run again as another process: `--broker` or `--capture`, see `run_as_child`.
/// Killed at the end of the scope.
class Child {
 public:
  Child() = default;
  ~Child() { kill_hard(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// `fault`: what HOLDFAST_FAULT is in it.
  void start(const std::vector<std::string>& arguments, const std::string& fault = "");
  /// Waits for its end; answers the exit status, or minus the signal that killed it.
  int wait();
  void kill_hard();

 private:
  pid_t pid_ = -1;
};

/// A broker of ours in a process of its own, which can be killed and started again on the same
/// port.
class BrokerChild {
 public:
  /// `fault`: what HOLDFAST_FAULT is in it.
  void start(const std::string& fault = "");
  /// Waits for its end; answers as Child::wait does.
  int wait() { return child_.wait(); }
  void kill_hard() { child_.kill_hard(); }
  std::string bootstrap() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  testing::TemporaryFolder folder_;
  Child child_;
  uint16_t port_ = 0;
};

/// --broker DATA PORT PORT-FILE            serves until killed
/// --capture SPOOL BOOTSTRAP TOPIC FILE    captures FILE once, in batches of 10 events, until all
/// of it is in Kafka; with
///                                         bootstrap "none" until all of it is in the spool
/// Answers the exit status; -1 when this is no child.
int run_as_child(int argc, char** argv);

CaptureSettings capture_settings(const std::string& spool, const std::string& bootstrap);
std::vector<CaptureSource> one_source(const std::string& path, const std::string& topic, bool once);

struct Stamped {
  int64_t sequence = 0;
  int64_t version = 0;
  std::string value;
  bool operator==(const Stamped&) const = default;
};
struct SpoolContents {
  std::vector<Stamped> events;
  std::vector<Stamped> rejected;
};
/// All batches that a closed spool's log holds, without changing it.
SpoolContents spool_contents(const std::string& folder);

/// What a topic holds, by offset: partition 0, stream `source`.
std::vector<Stamped> topic_contents(const std::string& bootstrap, const std::string& topic,
                                    const std::string& source);

/// Sends an event with this stamp, as a capture would.
Status send_stamped(kafka::Producer& producer, const std::string& topic, int32_t partition,
                    const event::Stamp& stamp, std::string_view value);

/// Waits until it holds; fails the test after a minute.
void wait_until(const std::function<bool()>& condition, const char* what);

}  // namespace holdfast::pipeline
