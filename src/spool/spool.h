#pragma once

#include <condition_variable>
#include <cstdint>
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
  std::shared_ptr<const os::Mapping> pin;
};

/// How the spool is at this moment.
struct SpoolStatus {
  uint64_t bytes_used = 0;
  uint64_t bytes_max = 0;
  bool full = false;             // sources wait
  bool disk_full = false;        // the disk under it is
  std::optional<Error> failed;   // read-only since: only a restart goes on
  std::vector<SourceState> sources;
};

/// The durable queue between the sources of one process and Kafka. It takes events while no broker answers, gives each its
/// stamp and version, and keeps them together with the source's own position in ONE append: so a restart neither skips an
/// event nor gives it another stamp. What has been shipped is trimmed.
///
/// `append` does not wait: what it answered is safe only when `durable()` has reached it, and only then `read` returns it.
/// Full means `limit`, never a drop. It never needs to be deleted: open recovers what the log recovers, and a lost folder
/// gives every source a new epoch, so that no stamp is ever used twice.
///
/// NOT promised: room for one source while another one's events cannot be shipped; all share `bytes_max`.
///
/// Threads: every member may be called from any thread; one thread per source for `append` and one for `read`/`mark_shipped`.
class Spool {
 public:
  /// Opens or creates the folder. Fails as log::Log::open does; `invalid` when bytes_max is too small.
  static Result<std::unique_ptr<Spool>> open(os::Files& files, os::Clock& clock, const SpoolSettings& settings);
  /// Writes a checkpoint, so that the next start is quick.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// The source of that name; a new one gets its epoch now. Names are UTF-8, 1 to 200 bytes, without '/'.
  Result<SourceId> open_source(const std::string& name);
  /// As it will be once all appends are durable.
  SourceState source(SourceId id) const;

  /// Stamps and queues a batch with the source's position behind it (none: the position stays). Answers the position in the
  /// log to wait for. `limit`: full, or too much is not durable yet: wait_for_change and try again. `read_only`: stopped.
  Result<log::Position> append(SourceId id, const BatchBuilder& batch, std::optional<ByteView> position);
  log::Position durable() const;

  /// Durable batches of a source from number `from` on, at least one if there is one, then up to `bytes_max`.
  Result<std::vector<StoredBatch>> read(SourceId id, int64_t from, uint64_t bytes_max);
  /// Everything of the source up to and including that batch is in Kafka. Trims in its own time; never goes back.
  void mark_shipped(SourceId id, int64_t batch_number, int64_t next_sequence, int64_t next_rejected_sequence);

  SpoolStatus status() const;

  /// A number that changes when something became durable or was trimmed, when the spool failed, and at `wake`.
  uint64_t changes() const;
  /// Waits until `changes()` differs from `seen`, or the time is over.
  void wait_for_change(uint64_t seen, int64_t timeout_ms) const;
  void wake();

 private:
  struct Trimmable {
    int64_t batch;      // once this batch is shipped,
    log::Position end;  // the source needs nothing below this
  };
  struct Live {
    SourceState state;
    int64_t durable_next_sequence = 0;
    std::vector<Trimmable> marks;  // about one a MiB
    size_t first_mark = 0;
    log::Position needed;  // oldest frame that it still needs
  };

  Spool(os::Clock& clock, const SpoolSettings& settings) : clock_(clock), settings_(settings) {}
  Status recover();
  Status replay_frame(const log::Frame& frame);
  Status load_state(ByteView state, bool keep_newer);
  Result<log::Position> append_state();
  void checkpoint_and_trim(bool force);
  void changed();
  void alarm_full();

  os::Clock& clock_;
  SpoolSettings settings_;
  mutable std::mutex mutex_;
  mutable std::condition_variable condition_;
  uint64_t changes_ = 0;
  std::vector<Live> sources_;  // by SourceId
  std::optional<Error> failed_;
  bool full_ = false;
  bool disk_full_ = false;
  int64_t last_alarm_ms_ = INT64_MIN;
  log::Position state_begin_, state_end_;  // the last state frame
  bool state_pending_ = false;             // appended, not yet durable
  log::Position checkpointed_;
  std::unique_ptr<log::Log> log_;  // last: its threads call back
};

}  // namespace holdfast::spool
