#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/os/clock.h"
#include "base/os/files.h"
#include "base/result.h"
#include "log/log.h"
#include "spool/batch.h"
#include "spool/state.h"

namespace holdfast::spool {

struct SpoolSettings {
  std::string folder;
  uint64_t bytes_max = 1ull << 30;  // of what is kept; full means back-pressure. At least 8 MiB.
};

/// A batch read back. `view` is valid while `pin` is held.
struct StoredBatch {
  int64_t number = 0;  // of the source's batches, dense
  BatchView view;
  std::shared_ptr<const void> pin;
};

/// How the spool is at this moment.
struct SpoolStatus {
  uint64_t bytes_used = 0;
  uint64_t bytes_max = 0;
  bool full = false;            // sources wait
  bool disk_full = false;       // the disk under it is
  std::optional<Error> failed;  // read-only since: only a restart goes on
  struct Source {
    SourceState state;             // as it will be once all appends are durable
    int64_t durable_sequence = 0;  // all below are on disk
  };
  std::vector<Source> sources;
};

/// The durable queue between the sources of one process and Kafka. It takes events while no broker
/// answers, gives each its stamp and version, and keeps them together with the source's own
/// position in ONE append: so a restart neither skips an event nor gives it another stamp. What has
/// been shipped is trimmed.
///
/// `append` does not wait: what it answered is safe only when `durable()` has reached it, and only
/// then `read` returns it. Full means `limit`, never a drop. It never needs to be deleted: open
/// recovers what the log recovers, and a lost folder gives every source a new epoch, so that no
/// stamp is ever used twice.
///
/// NOT promised: room for one source while another one's events cannot be shipped; all share
/// `bytes_max`.
///
/// Threads: every member may be called from any thread; one thread per source for `append` and one
/// for `read`/`mark_shipped`.
class Spool {
 public:
  /// Opens or creates the folder. Fails as log::Log::open does; `invalid` when bytes_max is too
  /// small.
  static Result<std::unique_ptr<Spool>> open(os::Files& files, os::Clock& clock,
                                             const SpoolSettings& settings);
  /// Writes a checkpoint, so that the next start is quick.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// The source of that name; a new one gets its epoch now. Names are UTF-8, 1 to 200 bytes,
  /// without '/'.
  Result<SourceId> open_source(const std::string& name);
  /// As it will be once all appends are durable.
  SourceState source(SourceId id) const;
  /// Names this spool among all that ever were, and stays: the first source's name and epoch. Empty
  /// before there is one. A lost folder that is made anew is another spool.
  std::string identity() const;

  /// Stamps and queues a batch with the source's position behind it (none: the position stays).
  /// Answers the position in the log to wait for. `limit`: full, or too much is not durable yet:
  /// wait_for_change and try again. `read_only`: stopped.
  Result<log::Position> append(SourceId id, const BatchBuilder& batch,
                               std::optional<ByteView> position);
  log::Position durable() const;

  /// Durable batches of a source from number `from` on, at least one if there is one, then up to
  /// `bytes_max`.
  Result<std::vector<StoredBatch>> read(SourceId id, int64_t from, uint64_t bytes_max);
  /// Everything of the source up to and including that batch is in Kafka. Trims in its own time;
  /// never goes back.
  void mark_shipped(SourceId id, int64_t batch_number, int64_t next_sequence,
                    int64_t next_rejected_sequence);

  SpoolStatus status() const;

  /// A number that changes when something became durable or was trimmed, when the spool failed, and
  /// at `wake`.
  uint64_t changes() const;
  /// Waits until `changes()` differs from `seen`, or the time is over.
  void wait_for_change(uint64_t seen, int64_t timeout_ms) const;
  void wake();

 private:
  /// Once `batch` is shipped, the source needs nothing below `end`. Kept about once a MiB, so that
  /// a full spool costs little memory.
  struct Mark {
    int64_t batch;
    log::Position end;
  };
  struct Pending {
    log::Position end;
    int64_t next_sequence;
  };
  struct Live {
    SourceState state;
    std::string rejected_stream;
    int64_t durable_sequence = 0;
    std::deque<Pending> pending;  // appended, not yet durable
    std::deque<Mark> marks;
    log::Position needed;  // of the frames below it, all of this source are shipped
  };

  Spool(os::Clock& clock, const SpoolSettings& settings) : clock_(clock), settings_(settings) {}
  Status recover();
  Status start();
  BatchHeader stamp(const SourceState& source, const BatchBuilder& batch, bool has_position) const;
  Status check_room(size_t bytes);
  void note_appended(Live& source, log::Position end);
  Result<log::Position> append_state();
  Status append_checkpoint();
  void housekeep();
  log::Position needed_from() const;
  void close();

  void changed(const std::function<void()>& change);
  std::optional<Error> failure() const;

  os::Clock& clock_;
  const SpoolSettings settings_;
  uint64_t segment_bytes_ = 0;

  mutable std::mutex mutex_;  // everything here, and every call of the log
  std::deque<Live> sources_;  // by SourceId; elements stay where they are
  bool shipped_since_state_ = false;
  bool shipped_since_checkpoint_ = false;
  int64_t last_state_ms_ = 0;
  bool full_ = false;
  int64_t last_alarm_ms_ = 0;
  ByteBuffer state_bytes_;  // of the state frame that is to become the next checkpoint
  log::Position state_begin_, state_end_;
  bool state_waits_ = false;        // it is not yet durable
  log::Position checkpoint_begin_;  // where the state frame of the last checkpoint begins

  mutable std::mutex
      change_mutex_;  // what the log's threads tell; never held while the log is called
  mutable std::condition_variable condition_;
  uint64_t changes_ = 0;
  std::optional<Error> failed_;
  bool disk_full_ = false;

  std::unique_ptr<log::Log> log_;  // last: its threads call back
};

}  // namespace holdfast::spool
