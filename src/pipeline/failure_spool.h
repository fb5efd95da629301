#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/os/clock.h"
#include "base/os/files.h"
#include "base/result.h"
#include "event/failure_record.h"
#include "spool/spool.h"

namespace holdfast::pipeline {

/// Where failure records wait on this machine's disk while the Kafka that shall keep them is away:
/// a spool in a folder of its own, made only when it is needed, with one source for each queue that
/// is written to. Each event in it is one Kafka message (spooled_message.h).
///
/// Threads: any.
class FailureSpool {
 public:
  FailureSpool(os::Files& files, os::Clock& clock, spool::SpoolSettings settings)
      : files_(files), clock_(clock), settings_(std::move(settings)) {}

  /// Whether there is one already, perhaps with records from before.
  Result<bool> exists() const { return files_.exists(settings_.folder); }
  /// Opens it, or makes it. As spool::Spool::open.
  Result<spool::Spool*> open();

 private:
  os::Files& files_;
  os::Clock& clock_;
  const spool::SpoolSettings settings_;
  std::mutex mutex_;
  std::unique_ptr<spool::Spool> spool_;
};

/// The records that wait in a folder, read without disturbing whoever has it open; none when there
/// is no folder.
Status visit_spooled_failures(os::Files& files, const std::string& folder,
                              const std::function<void(const event::FailureRecord&)>& visit);

}  // namespace holdfast::pipeline
