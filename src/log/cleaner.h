#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>

#include "log/cleaning_rules.h"
#include "log/compactor.h"
#include "log/settled_writer.h"

namespace holdfast::log {

/// A sealed segment with what the cleaner needs to read it while the owner goes on.
struct CleanInput {
  SegmentPtr segment;
  std::shared_ptr<SegmentIndex> index;
};

/// Inputs that new settled segments take the place of, all at once.
struct CleanUnit {
  std::vector<CleanInput> inputs;  // in the order of reading, nothing between them
};

/// What the owner's thread wants done, with a picture of its state that does not change any more.
struct CleanJob {
  CleanWork work = CleanWork::drop;
  std::vector<CleanUnit> units = {};
  uint32_t generation = 0;
  uint64_t raw_from =
      0;  // sequence of the oldest segment that is as it was written, before the job
  std::map<PartitionId, int64_t> live_from = {};  // of the partitions in the inputs; absent: 0
  std::set<PartitionId> apart = {};               // compacted ones go into files of their own
  std::vector<CompactionTask> compactions = {};   // the inputs hold all there is of them
};

/// One unit that is done.
struct CleanResult {
  std::vector<SegmentPtr> inputs;
  std::vector<SegmentPtr> outputs;
  std::vector<format::Manifest::Cleaned> cleaned;  // how far partitions are compacted now
  std::vector<PartitionId> without_room;           // whose keys do not fit into the memory for them
  std::vector<PartitionId> crowded_out;            // those before them have taken that memory
};

/// Carries out one job at a time, in small steps, on a thread of its own (or of a test): copies
/// live frames forward, grouped by partition, compacts, and replaces the manifest. Old or new
/// counts as a whole, at each point in time; the inputs' files are the owner's to remove
/// afterwards.
///
/// A failure gives up the job, never the log: what it had written is removed, and damaged segments
/// are named, which are not to be tried again in this run. When the replacement of the manifest
/// itself fails, nobody knows which of the two counts after a crash. Both are whole, for as long as
/// all files stay. So all stay until the old manifest has been written anew, which is what the next
/// job begins with.
class Cleaner {
 public:
  Cleaner(os::Files& files, const LogSettings& settings);
  ~Cleaner();

  /// Before the thread runs.
  void set_manifest(format::Manifest manifest);
  void set_done(std::function<void()> done) { done_ = std::move(done); }

  /// Owner: nothing is being done, `take` has nothing, and there may be a next job.
  bool idle() const;
  void begin(CleanJob job);
  /// Owner: units that were done since.
  std::vector<CleanResult> take();
  /// Owner: segments that could not be read.
  std::vector<SegmentPtr> take_unreadable();
  /// Owner: whether a job was given up since. What failed should not be tried again at once.
  bool take_given_up();
  /// Whether a manifest may count after a crash that is not the one in use. Any thread.
  bool in_doubt() const { return in_doubt_.load(std::memory_order_acquire); }
  /// Fills in what is known here. Any thread.
  void tell(CleanerNumbers& numbers) const;

  /// Does one thing; false when there was nothing to do.
  bool step();
  void run();
  void stop();

 private:
  struct Work;
  Status do_some(Work& work);
  Status note_some(Work& work);
  void begin_unit(Work& work);
  Status copy_some(Work& work);
  Status copy(Work& work, const CleanInput& input, const IndexEntry& entry, PartitionId partition);
  Status next_place(Work& work);
  Status commit(Work& work);
  format::Manifest manifest_with(const Work& work, const CleanResult& result) const;
  Status replace_manifest(const format::Manifest& next);
  Status end_doubt(const Work& work);
  void count(Work& work, const CleanResult& result);
  void give_up(const Error& error);
  void pace();

  os::Files& files_;
  const LogSettings settings_;
  std::function<void()> done_;
  format::Manifest manifest_;      // of the cleaner's thread
  std::unique_ptr<Work> work_;     // of the cleaner's thread
  uint64_t paced_bytes_ = 0;       // read and written since the last pause
  std::vector<SegmentPtr> stray_;  // of the cleaner's thread; outputs that count only in doubt
  std::atomic<bool> in_doubt_ = false;
  std::array<Counter, clean_works> jobs_;
  Counter jobs_given_up_;
  Counter read_bytes_;
  Counter written_bytes_;
  std::atomic<double> recopied_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<CleanJob> job_;
  bool busy_ = false;
  bool stopped_ = false;
  bool given_up_ = false;
  std::vector<CleanResult> results_;
  std::vector<SegmentPtr> unreadable_;
};

}  // namespace holdfast::log
