#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/os/clock.h"
#include "base/result.h"
#include "source/api/source.h"
#include "spool/spool.h"

namespace holdfast::pipeline {

enum class CaptureState {
  running,
  waiting,  // for room in the spool, or for the source to come back; `trouble` says which
  ended,    // the source gave all it has, and all of it is durable
  failed,   // needs a person; `trouble` says why
  stopped,
};
const char* name(CaptureState state);

/// Moves one source into the spool: what one read gave becomes one append, with the source's
/// position behind it. Events are stamped there. A full spool makes it wait, so the source is not
/// read; nothing is dropped.
///
/// Threads: its own does the work; the members may be called from any other.
class CaptureLoop {
 public:
  CaptureLoop(spool::Spool& spool, os::Clock& clock, spool::SourceId id, std::string source_name,
              std::unique_ptr<source::Source> source, source::ReadLimits limits);
  ~CaptureLoop() { stop(); }
  CaptureLoop(const CaptureLoop&) = delete;
  CaptureLoop& operator=(const CaptureLoop&) = delete;

  void start();
  /// Returns when the thread has ended. What was appended stays.
  void stop();

  spool::SourceId id() const { return id_; }
  CaptureState state() const { return state_.load(); }
  std::optional<Error> trouble() const;

 private:
  void run();
  bool start_source();
  void note_away(bool away);
  bool append(const source::Batch& batch);
  bool wait_durable(log::Position position);
  void acknowledge();
  void set(CaptureState state, std::optional<Error> trouble = {});
  /// Whether to try again after the error; waits before it answers.
  bool back_off(const Error& error);

  spool::Spool& spool_;
  os::Clock& clock_;
  const spool::SourceId id_;
  const std::string name_;
  const std::unique_ptr<source::Source> source_;
  const source::ReadLimits limits_;

  source::Batch batch_;
  spool::BatchBuilder builder_;
  log::Position appended_;
  struct Unacknowledged {
    log::Position end;
    ByteBuffer position;
  };
  std::optional<Unacknowledged> unacknowledged_;
  int64_t back_off_ms_ = 0;

  std::atomic<bool> stopping_ = false;
  std::atomic<CaptureState> state_ = CaptureState::stopped;
  mutable std::mutex trouble_mutex_;
  std::optional<Error> trouble_;
  std::thread thread_;
};

}  // namespace holdfast::pipeline
