#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/os/files.h"
#include "base/result.h"

namespace holdfast::log {

/// A place in the log, in bytes from its very beginning. Never goes back and never repeats,
/// whatever is trimmed or recycled.
using Position = Id<struct PositionTag, uint64_t>;

/// The log's own number of a partition; what it stands for is its owner's business.
using PartitionId = Id<struct PartitionIdTag, uint32_t>;

/// What a frame is to its owner. The log reads only `batch` frames back by offset; all kinds come
/// back in replay.
enum class FrameKind : uint8_t {
  batch = 1,  // records of a partition; indexed by offset and time
  state = 2,  // a change of the owner's state (topics, offsets, producers); seen in replay only
};

/// What the log knows of a frame without reading its body.
struct FrameKey {
  FrameKind kind = FrameKind::batch;
  PartitionId partition;
  int64_t first_offset =
      0;  // batch: the first and last offset in it, both inclusive, never below those before
  int64_t last_offset = 0;
  int64_t max_timestamp_ms = -1;
};

/// A frame read back. `body` points into memory or a mapped segment and stays valid while `pin` is
/// held.
struct Frame {
  Position begin;
  Position end;
  FrameKey key;
  ByteView body;
  std::shared_ptr<const void> pin;
};

/// What may go from the front of a partition: frames wholly older than a time, and those that are
/// too much.
struct Expiry {
  int64_t older_than_ms = INT64_MIN;  // max timestamp; frames without one go with older ones behind
  uint64_t keep_bytes = UINT64_MAX;   // of bodies; frames go as long as so much is left
  int64_t below = INT64_MAX;          // nothing with an offset at or above it
};

/// How far that is.
struct DropPoint {
  int64_t offset = 0;                     // where the partition may begin
  int64_t next_timestamp_ms = INT64_MAX;  // of the first durable frame with a time that stays
};

class CleaningRules;  // log/cleaning_rules.h

/// What the cleaner will want of its owner.
struct CleaningNeeds {
  /// A partition that has been compacted since the last time, for good.
  struct Compacted {
    PartitionId partition;
    int64_t upto = 0;  // nothing is left below this offset that compaction takes away
  };

  bool checkpoint = false;  // something is due that lies above the last one: `seal`, then write one
  int64_t next_ms =
      INT64_MAX;  // when something becomes due although nothing is appended (wall clock)
  /// If there are any, nothing else was looked at: to be called again once the owner has taken
  /// note.
  std::vector<Compacted> compacted = {};
};

/// What the cleaner did in this run.
enum class CleanWork : uint8_t { drop, compact, settle, rewrite, merge };
inline constexpr size_t clean_works = 5;
const char* name(CleanWork work);
struct CleanerNumbers {
  std::array<uint64_t, clean_works> jobs = {};  // done
  uint64_t jobs_given_up = 0;
  uint64_t read_bytes = 0;
  uint64_t written_bytes = 0;
  double recopied = 0;              // of what the last compaction read; 0 to 1
  int64_t last_compaction_ms = -1;  // when it ended (wall clock); -1: there was none
  int64_t last_compaction_took_ms = 0;
  double dirty_most = 0;  // share of a compacted partition that was dirty at the last look
  uint64_t uncleanable_partitions =
      0;                  // damaged, or with more keys in a batch than fit into memory
  bool in_doubt = false;  // it cannot go on for now: which manifest counts is not known
};

/// The log's cleaner: a thread of its own that groups sealed segments by partition, leaves out what
/// is dead, and compacts.
struct CleanerSettings {
  bool enabled = false;               // otherwise only `trim` and whole dead segments
  uint64_t run_bytes = 256ull << 20;  // so much is settled together
  int64_t settle_after_ms = 60'000;   // a segment that young may soon be dead: it is left alone
  uint64_t bytes_per_second_max = 0;  // read plus written; 0: no bound
  uint64_t key_table_bytes_max = 128ull << 20;  // memory for the newest offset of each key
};

struct LogSettings {
  std::string folder;
  uint64_t segment_bytes = 64ull << 20;  // a multiple of 1 MiB
  uint64_t pending_bytes_max =
      64ull << 20;  // appended but not yet durable; `append` answers `limit` above it
  uint64_t bytes_max = UINT64_MAX;  // of all live segments; `append` answers `limit` above it
  uint64_t recent_bytes_max = 64ull << 20;  // memory for what was written last, for its readers
  bool prepare_ahead = true;                // zero-fill the next segment in the background
  CleanerSettings cleaner = {};
};

/// Damage found at open or verify: bytes that had been durable and no longer check.
struct Damage {
  std::string file;
  Position position;
  std::string what;
};

/// The log: frames appended in one order for every partition of its owner, made durable together
/// (group commit without a timer: the next flush starts when the one before returned and takes
/// along all that queued meanwhile).
///
/// `append` returns at once with the position behind the frame. The frame is NOT durable then, and
/// not readable: wait until `durable()` has reached that position. A frame may vanish in a crash
/// only if `durable()` had not reached its end. A failed write or sync is final but for `disk_full`
/// on a write (those frames stay queued and are tried again when space returns): the log turns
/// read-only, `failed` is called, and only a restart with recovery goes on.
///
/// Threads: all members are called from the owner's thread, except `durable()`, which any thread
/// may read. The callbacks come from the writer thread; they should only post to the owner's loop.
class Log {
 public:
  struct Callbacks {
    std::function<void(Position)> durable;         // everything below is on disk
    std::function<void(const Error&)> stalled;     // disk full: the writer waits and tries again
    std::function<void(const Error&)> failed;      // read-only from now on
    std::function<void(Position)> segment_sealed;  // a good moment for `write_checkpoint`
    /// From the housekeeper: it is on disk; a good moment for `clean`.
    std::function<void(Position)> checkpoint_written = {};
    /// From the cleaner: a job is done; a good moment for `clean`.
    std::function<void()> cleaned = {};
  };

  /// Opens the folder, or creates it, and recovers: finds the end, cuts a torn tail off. Fails with
  /// `locked`, `version_unknown`, or `corrupt` (which frame in which file) when something that was
  /// durable is damaged. Nothing is written yet but the lock and, in the last segment, what makes
  /// its end certain: the frames that nothing later vouches for once more, and zeroes over the torn
  /// tail.
  static Result<std::unique_ptr<Log>> open(os::Files& files, const LogSettings& settings);

  /// Flushes what is pending, stops the threads.
  virtual ~Log() = default;

  /// The owner's last checkpoint: its bytes, and the position that it covers (replay starts there).
  /// Empty when there is none.
  virtual ByteView checkpoint() const = 0;
  virtual Position checkpoint_position() const = 0;

  /// Every frame from `from` to the durable end, in order, each checked whole. `from` must be a
  /// frame boundary, or at or below the log's beginning. A damaged frame ends it with `corrupt`.
  virtual Status replay(Position from, const std::function<Status(const Frame&)>& visit) = 0;

  /// Starts the writer. Before it, `append` may not be called.
  virtual Status start(Callbacks callbacks) = 0;

  /// Queues one frame, whose body is the parts one behind the other (copied before it returns).
  /// Answers the position behind the frame; or `limit` (too much pending, or log full),
  /// `read_only`, `invalid` (body too large).
  virtual Result<Position> append(const FrameKey& key, std::span<const ByteView> body) = 0;

  /// Frames appended until `release` go to the disk together, in one flush if one can hold them.
  /// They are no unit: a crash may cut between any two. Short, within one turn of the owner's loop.
  virtual void hold() = 0;
  virtual void release() = 0;

  /// Everything below it survives a power cut.
  virtual Position durable() const = 0;
  /// Behind the last appended frame.
  virtual Position end() const = 0;
  /// The oldest frame still kept.
  virtual Position begin() const = 0;

  /// Durable batch frames of one partition in offset order, from the first whose last offset is at
  /// or above `from_offset`, while their bodies sum up to at most `bytes_max`; the first one is
  /// returned whatever its size if `at_least_one`. Each is checked whole: a damaged one is
  /// `corrupt`, with file and position.
  virtual Result<std::vector<Frame>> read(PartitionId partition, int64_t from_offset,
                                          uint64_t bytes_max, bool at_least_one) = 0;
  /// The first durable batch frame of the partition, at or above `from_offset`, whose max timestamp
  /// is at or above `timestamp_ms`.
  virtual Result<std::optional<Frame>> find_time(PartitionId partition, int64_t from_offset,
                                                 int64_t timestamp_ms) = 0;
  /// The durable batch frame of the partition, at or above `from_offset`, with the greatest max
  /// timestamp (the first such).
  virtual Result<std::optional<Frame>> find_max_timestamp(PartitionId partition,
                                                          int64_t from_offset) = 0;

  /// Keeps `state` as the owner's state covering every frame below `upto`, atomically: after a
  /// crash the old or the new one is there whole. `upto` may not exceed `durable()`. Runs on a
  /// background thread; a later call replaces a waiting one.
  virtual void write_checkpoint(Position upto, ByteBuffer state) = 0;
  /// Waits until the last given checkpoint is on disk. For clean shutdown.
  virtual Status wait_for_checkpoint() = 0;

  /// Gives up every segment that lies wholly below `before` and below the last durable checkpoint;
  /// their files are recycled or removed. Frames pinned by readers stay readable until unpinned.
  virtual void trim(Position before) = 0;

  /// Batch frames of the partition with a last offset below `from_offset` are of no more use (all,
  /// for INT64_MAX). They may still be read until `clean` has given their space back. To be told
  /// again after a start.
  virtual void release(PartitionId partition, int64_t from_offset) = 0;
  /// Takes over what the cleaner has done, and gives it what is to be done next: drop segments of
  /// which nothing is of use any more, settle, compact. Only below the last durable checkpoint, and
  /// only once everything appended before the last release is durable; until then this does
  /// nothing. To be called after a release, and when `checkpoint_written` or `cleaned` is told.
  virtual CleaningNeeds clean(const CleaningRules& rules) = 0;
  /// The next frame begins a new segment. Nothing, if the present one is empty.
  virtual void seal() = 0;
  virtual CleanerNumbers cleaner_numbers() const = 0;
  /// Where the partition may begin, if what `expiry` names goes from its front, as far as it is
  /// durable. Never below what was released.
  virtual Result<DropPoint> drop_point(PartitionId partition, const Expiry& expiry) = 0;
  /// Bodies of the partition's batch frames that were not released.
  virtual uint64_t live_bytes(PartitionId partition) const = 0;
  /// The partitions of which there are batch frames, of use or not.
  virtual std::vector<PartitionId> partitions() const = 0;

  /// Bytes of all segment files that hold frames.
  virtual uint64_t bytes_used() const = 0;
  /// Of the file system that the log lies in.
  virtual Result<os::Space> space() const = 0;
  /// Memory of what was written last, with what readers still hold of it.
  virtual uint64_t recent_bytes() const = 0;
  /// How long each write and its sync took. Any thread.
  virtual const DurationHistogram& flush_times() const = 0;
};

/// Reads a log folder without a lock and without ever writing: for `inspect` and `--verify`.
/// `visit` gets every frame that checks, up to the first damage in each segment; the body is good
/// only during the call and there is no pin. Answers what is damaged. `torn_tail` is where an
/// unacknowledged tail begins, if there is one.
struct VerifyReport {
  uint64_t segments = 0;
  uint64_t frames = 0;
  uint64_t bytes = 0;
  Position begin, end;
  bool torn_tail = false;
  std::vector<Damage> damage;
};
Result<VerifyReport> verify(os::Files& files, const std::string& folder,
                            const std::function<void(const Frame&)>& visit = {});

}  // namespace holdfast::log
