#pragma once

#include <thread>

#include "log/catalog.h"
#include "log/clean_planner.h"
#include "log/housekeeper.h"
#include "log/recovery.h"
#include "log/writer.h"

namespace holdfast::log {

/// The log put together. Tests make it without threads and take its steps themselves, so that each
/// order of steps can be had.
class Engine final : public Log {
 public:
  struct Options {
    bool threads = true;
    uint64_t flush_bytes_max = 2ull << 20;  // of one write, but for a single larger frame
    uint64_t chunk_bytes = 4ull << 20;      // of memory for frames, taken at once
  };

  static Result<std::unique_ptr<Engine>> open(os::Files& files, const LogSettings& settings,
                                              const Options& options);
  ~Engine() override;

  ByteView checkpoint() const override { return checkpoint_state_; }
  Position checkpoint_position() const override { return housekeeper_.checkpoint_position(); }
  Status replay(Position from, const std::function<Status(const Frame&)>& visit) override;
  Status start(Callbacks callbacks) override;
  Result<Position> append(const FrameKey& key, std::span<const ByteView> body) override;
  void hold() override { queue_.hold(); }
  void release() override { queue_.release(); }
  Position durable() const override { return writer_.durable(); }
  Position end() const override { return end_; }
  Position begin() const override;
  Result<std::vector<Frame>> read(PartitionId partition, int64_t from_offset, uint64_t bytes_max,
                                  bool at_least_one) override;
  Result<std::optional<Frame>> find_time(PartitionId partition, int64_t from_offset,
                                         int64_t timestamp_ms) override;
  Result<std::optional<Frame>> find_max_timestamp(PartitionId partition,
                                                  int64_t from_offset) override;
  void write_checkpoint(Position upto, ByteBuffer state) override;
  Status wait_for_checkpoint() override;
  void trim(Position before) override;
  void release(PartitionId partition, int64_t from_offset) override;
  CleaningNeeds clean(const CleaningRules& rules) override;
  void seal() override;
  CleanerNumbers cleaner_numbers() const override;
  Result<DropPoint> drop_point(PartitionId partition, const Expiry& expiry) override {
    return catalog_.drop_point(partition, expiry, durable());
  }
  uint64_t live_bytes(PartitionId partition) const override {
    return catalog_.live_bytes(partition);
  }
  std::vector<PartitionId> partitions() const override { return catalog_.partitions(); }
  uint64_t bytes_used() const override { return catalog_.bytes_used(); }
  Result<os::Space> space() const override { return files_.space(settings_.folder); }
  uint64_t recent_bytes() const override { return recent_.bytes_held(); }
  const DurationHistogram& flush_times() const override { return writer_.flush_times(); }

  /// Without threads: one step of the writer or of the housekeeper.
  Writer::Step step_writer() { return writer_.step(); }
  bool step_housekeeper() { return housekeeper_.step(); }
  /// The same of the cleaner.
  bool step_cleaner() { return cleaner_.step(); }

 private:
  Engine(os::Files& files, const LogSettings& settings, const Options& options);

  Status take_over(Recovered recovered);
  Status prepare_folder();
  Status plan_segment(uint64_t frame);
  void queue_frame(const FrameKey& key, std::span<const ByteView> body, uint32_t body_bytes);
  Position given_up_below() const;
  void take_over_cleaned(int64_t now_ms);
  void fail_once(const Error& error);
  void install_indexes();
  void mark_end();
  void drop_front_while(const std::function<bool(const Segment&)>& unwanted);

  os::Files& files_;
  const LogSettings settings_;
  const Options options_;
  std::unique_ptr<os::FileLock> lock_;
  ByteBuffer checkpoint_file_;
  ByteView checkpoint_state_;
  Callbacks callbacks_;
  bool started_ = false;
  bool fresh_ = false;
  bool needs_mark_ = false;
  std::vector<std::string> garbage_;
  std::vector<SegmentPtr> unindexed_;

  Position end_;
  Position released_at_;  // what was released may be given up once this is durable
  uint32_t next_generation_ = 1;
  uint64_t spare_asked_for_ = UINT64_MAX;  // sequence of the segment during which it was
  std::atomic<bool> failure_told_ = false;

  std::mutex indexed_mutex_;
  std::vector<SegmentPtr> indexed_;  // by the housekeeper, to be taken over by the owner's thread
  std::atomic<bool> any_indexed_ = false;

  SparePool spares_;
  Recent recent_;
  PendingQueue queue_;
  Catalog catalog_;
  Writer writer_;
  Housekeeper housekeeper_;
  Cleaner cleaner_;
  CleanPlanner planner_;
  int64_t clean_again_ms_ = INT64_MIN;  // after a job that failed, not before (wall clock)
  bool has_manifest_ = false;           // dead segments go by the cleaner, which knows what counts
  std::vector<CleaningNeeds::Compacted> compacted_;  // the owner is to be told of
  int64_t compaction_began_ms_ = -1;                 // the one under way (wall clock)
  int64_t last_compaction_ms_ = -1;
  int64_t last_compaction_took_ms_ = 0;
  std::thread writer_thread_;
  std::thread housekeeper_thread_;
  std::thread cleaner_thread_;
};

}  // namespace holdfast::log
