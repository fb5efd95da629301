#pragma once

#include <atomic>
#include <functional>

#include "base/metrics.h"
#include "log/pending.h"
#include "log/spares.h"

namespace holdfast::log {

/// Makes queued frames durable: one write and one sync a batch. `step` and everything else here is
/// called from one thread (the writer thread, or a test that drives it); `durable` and `failed` may
/// be read from any.
///
/// A failed write or sync is final: nothing that it covered is ever acknowledged, and nothing is
/// written after it. Only a full disk is waited for, and only where no sync has been tried: then
/// the same bytes are written again.
class Writer {
 public:
  struct Events {
    std::function<void(Position)> durable;
    std::function<void(const Error&)> stalled;
    std::function<void(const Error&)> failed;
    std::function<void(const SegmentPtr&)> sealed;  // wholly durable, and its successor is in use
  };
  enum class Step { idle, flushed, stalled, failed };

  Writer(os::Files& files, std::string folder, PendingQueue& queue, SparePool& spares)
      : files_(files), folder_(std::move(folder)), queue_(queue), spares_(spares) {}

  /// Where the log goes on after a restart: `file` is that of the last segment.
  void resume(SegmentPtr segment, std::unique_ptr<os::File> file, Position durable);
  void set_events(Events events) { events_ = std::move(events); }

  /// Flushes the next batch, if there is one, or tries a stalled one again.
  Step step();
  /// The writer thread: until the queue is stopped and empty, or all is lost.
  void run();

  Position durable() const { return {durable_.load(std::memory_order_acquire)}; }
  const DurationHistogram& flush_times() const { return flush_times_; }
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  /// From another thread: something else found that the log must not go on.
  void fail_from_outside() { failed_.store(true, std::memory_order_release); }

 private:
  Step flush();
  Status flush_batch();
  Status use_segment(const SegmentPtr& segment);
  Result<std::string> ready_file(const SegmentPtr& segment, std::unique_ptr<os::File>& file);
  void publish(Position end);
  Step report(const Error& error);

  os::Files& files_;
  const std::string folder_;
  PendingQueue& queue_;
  SparePool& spares_;
  Events events_;

  std::optional<FlushBatch> batch_;  // taken and not yet durable
  SegmentPtr segment_;               // in use
  std::unique_ptr<os::File> file_;
  bool stalled_ = false;
  bool stop_when_stalled_ = false;
  std::atomic<uint64_t> durable_ = 0;
  std::atomic<bool> failed_ = false;
  DurationHistogram flush_times_;
};

}  // namespace holdfast::log
