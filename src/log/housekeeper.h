#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

#include "log/segment.h"
#include "log/spares.h"

namespace holdfast::log {

/// The work that must not delay an append: fills the next segment with zeroes, writes index files
/// and checkpoints, removes or recycles trimmed segments. Everything is asked for from any thread
/// and done, one small step at a time, by `step` on one thread: the housekeeper thread, or a test
/// that drives it.
class Housekeeper {
 public:
  struct Events {
    std::function<void(const SegmentPtr&)> index_written;
    std::function<void(Position)> checkpoint_written;
    std::function<void(const Error&)> failed;  // too much could not be done: the log must not go on
  };

  Housekeeper(os::Files& files, std::string folder, SparePool& spares, uint64_t segment_bytes)
      : files_(files), folder_(std::move(folder)), spares_(spares), segment_bytes_(segment_bytes) {}

  void set_events(Events events) { events_ = std::move(events); }
  /// Numbers below it were used for spare files before.
  void begin_spares_at(uint64_t number) { next_spare_ = number; }

  void want_spare();
  void write_index(SegmentPtr sealed);
  void write_checkpoint(Position upto, Position durable, ByteBuffer state);
  /// `segments` in order; nobody can begin to map them any more.
  void remove(std::vector<SegmentPtr> segments);

  /// Until no checkpoint waits or is being written. The outcome of the last one.
  Status wait_for_checkpoint();
  Position checkpoint_position() const { return {checkpoint_.load(std::memory_order_acquire)}; }
  void set_checkpoint_position(Position position) { checkpoint_ = position.value; }

  /// Does one thing; false when there was nothing to do.
  bool step();
  /// The housekeeper thread: until `stop`, after which only indexes, checkpoints and removals are
  /// finished.
  void run();
  void stop();

 private:
  struct CheckpointTask {
    Position upto;
    Position durable;
    ByteBuffer state;
  };
  struct Preparation {
    std::string path;
    std::unique_ptr<os::File> file;
    uint64_t filled = 0;
  };

  /// A file that has no name any more.
  struct Removed {
    std::unique_ptr<os::File> file;
    uint64_t bytes = 0;
  };

  bool has_work_locked() const;
  bool step_checkpoint(std::unique_lock<std::mutex>& lock);
  bool step_index(std::unique_lock<std::mutex>& lock);
  bool step_giving_back(std::unique_lock<std::mutex>& lock);
  bool step_removal(std::unique_lock<std::mutex>& lock);
  bool step_spare(std::unique_lock<std::mutex>& lock);
  Status remove_segment(Segment& segment);
  Status prepare_some();

  os::Files& files_;
  const std::string folder_;
  SparePool& spares_;
  const uint64_t segment_bytes_;
  Events events_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<CheckpointTask> checkpoint_task_;
  bool checkpoint_busy_ = false;
  Status checkpoint_status_;
  std::deque<SegmentPtr> index_tasks_;
  bool index_retry_waits_ = false;  // until the next task comes
  std::deque<SegmentPtr> removals_;
  bool removal_retry_waits_ = false;
  bool spare_wanted_ = false;
  bool stopped_ = false;
  std::optional<Preparation> preparation_;  // by `step` only
  std::optional<Removed> removed_;          // by `step` only
  uint64_t next_spare_ = 0;
  std::atomic<uint64_t> checkpoint_ = 0;
};

}  // namespace holdfast::log
