#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.h"
#include "kafka/producer.h"
#include "kafka/settings.h"
#include "repair/marks.h"
#include "repair/stop.h"

namespace holdfast::repair {

/// The right to repair a queue and to tell people of it: one run at a time has it.
///
/// Two things make it. What must not fail: marks are written in transactions of one transactional
/// id for each queue, so that whoever takes the lease fences the one before, whose next mark fails
/// with `fenced`. And a courtesy: the holder writes a sign of life beside the marks once a second;
/// whoever wants the lease while such signs come gives way. A holder that was killed is followed at
/// once from the same machine, else when no sign came for some seconds; clocks are not compared.
///
/// Threads: any.
class Lease {
 public:
  /// Waits some seconds for one that ends. `locked`: another run has it and goes on.
  static Result<std::unique_ptr<Lease>> take(const kafka::ClientSettings& client,
                                             const std::string& queue, Stop& stop);
  /// Gives it back.
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  /// All that is marked, read after everybody else was fenced.
  const Marks& marks() const { return marks_; }
  /// Makes a mark durable. `fenced`: somebody else has the lease now.
  Status write(const std::string& json);

 private:
  Lease() = default;
  Status open(const kafka::ClientSettings& client, const std::string& queue);
  Status write_once(const std::string& json);
  void sign();

  std::string topic_;
  std::string run_;  // a name that no other run has
  Marks marks_;
  std::mutex mutex_;  // of the producer
  std::unique_ptr<kafka::Producer> producer_;
  std::mutex ending_mutex_;
  std::condition_variable ending_changed_;
  bool ending_ = false;
  std::thread signs_;
};

}  // namespace holdfast::repair
