#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "event/event.h"
#include "event/rows.h"

/// The contract between pipelines, repair and audit on one side and stores on the other. README.md
/// states it in words; conformance.h (for tests) runs it over every sink.
namespace holdfast::sink {

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};
/// The next offset to read, per partition.
using Positions = std::map<TopicPartition, int64_t>;

/// How a write of one event ended.
enum class Outcome : uint8_t {
  applied,      // it is in the store, durably
  superseded,   // the store had it, or a newer one: success, nothing changed
  unavailable,  // surely not applied; the same write may succeed later
  rejected,     // will never be applied as it is
  unknown,      // it may have been applied; write it again: the contract makes that harmless
};
const char* name(Outcome outcome);

/// Why an event was not applied. `code` is for scripts ("constraint", "conversion", "disk_full",
/// ...), `message` for people.
struct Cause {
  std::string code;
  std::string message;
};

/// One event of a batch: who it is, and which row it became.
struct Entry {
  /// Instead of a row number: the transform left the event out on purpose. The sink records that,
  /// so that the audit does not take it for lost.
  static constexpr int32_t filtered = -1;
  /// Instead of a row number: it is in the failure queue, durably, before this batch is written.
  /// The sink only passes it.
  static constexpr int32_t handed_over = -2;

  uint32_t source = 0;  // index into Batch::sources
  int32_t row = filtered;
  int64_t epoch = 0;
  int64_t sequence = 0;
  int64_t version = 0;
  /// The event is a deletion (it had no value). A store with keys removes the row of the key that
  /// the row names, and remembers the version, so that no older write brings it back; a store
  /// without keys takes the row as any other.
  bool deletion = false;
};

/// Events of one or many partitions, in the order in which they were consumed, and where the
/// consumer stands behind them.
struct Batch {
  std::vector<std::string> sources;
  std::vector<Entry> entries;
  event::Rows rows;  // as the sink's schema has them; every row belongs to exactly one entry
  Positions upto;    // partitions that this batch moves, and their next offsets
  /// The events as they were consumed, one for each entry, for stores that write failure records.
  /// Empty: the caller has none, and such a store must answer `unavailable` where it would have
  /// written one.
  std::span<const event::Consumed> events = {};
};

/// What became of a batch: one outcome per entry, in the same order, and the causes of those that
/// are not well.
struct Written {
  struct Refusal {
    uint32_t entry;
    Cause cause;
  };
  std::vector<Outcome>
      outcomes;  // filtered and handed-over entries: `applied` once the batch is recorded
  std::vector<Refusal> refusals;  // of each `rejected` entry; for `unavailable` and `unknown` one
                                  // for the whole batch is enough

  /// All applied or superseded: the batch is done and its positions are in the store.
  bool complete() const;
  bool has(Outcome outcome) const;
  /// The first cause, for people.
  std::string why() const;

  /// The same of every entry, for one cause.
  static Written all(size_t entries, Outcome outcome, Cause cause);
};

enum class Health : uint8_t { well, unavailable, failed };
struct HealthReport {
  Health health = Health::well;
  std::string message;
};

/// A stamp that the store really holds: `copies` rows with it.
struct StoredRun {
  std::string_view source;
  int64_t epoch = 0;
  int64_t first = 0;  // sequences first..last, each `copies` times
  int64_t last = 0;
  int64_t copies = 1;
};

/// Which stamps to read back. Everything by default.
struct Window {
  std::string source = {};  // empty: all
  int64_t epoch = -1;       // -1: all
  int64_t first = 0;
  int64_t last = INT64_MAX;
};

/// What a store says of one event, asked after a write: the answer comes from the store, not from a
/// counter.
enum class Held : uint8_t {
  present,     // the row with this stamp (or its deletion) is there
  superseded,  // the key has a newer row or deletion
  missing,
};
const char* name(Held held);

using VisitRuns = std::function<Status(std::span<const StoredRun>)>;

/// The audit's own eyes on a store: reads what the rows say, shares no state with the write path.
class Reader {
 public:
  virtual ~Reader() = default;
  /// Every stamp found in the rows of the table itself, in runs, in no promised order; the same
  /// stamp may come in several runs.
  virtual Status read_back(const Window& window, const VisitRuns& visit) = 0;
  /// Events that the pipeline recorded as left out by its transform. This is the write path's word,
  /// not evidence of rows.
  virtual Status read_filtered(const Window& window, const VisitRuns& visit) = 0;
  virtual Result<Positions> positions() = 0;
};

/// A store, opened for one pipeline and one target in it. One thread at a time, but for `health`
/// and the readers it makes.
class Sink {
 public:
  virtual ~Sink() = default;
  /// The next offsets as the store itself has them; partitions never written are absent. Opens the
  /// store again if it has to.
  virtual Result<Positions> positions() = 0;
  /// Applies the rows and moves the positions, both or neither (or, for a versioned store,
  /// idempotently). When an event is `rejected`, nothing is moved: hand those over to the failure
  /// queue, mark them, and write the batch again. After `unavailable` without a rejection, or
  /// `unknown`, ask for the positions before the next write: the store may have been rebuilt, and a
  /// batch written on top of a gap would hide it.
  [[nodiscard]] virtual Written write(const Batch& batch) = 0;
  virtual HealthReport health() const = 0;
  /// Reads the entries of the batch back, past everything that the write path remembers. For
  /// filtered and handed-over entries the answer is `present`. A sink that was opened for one data
  /// center asks that one. What is here is for stores without keys: it looks for the stamps with a
  /// reader of its own.
  virtual Result<std::vector<Held>> confirm(const Batch& batch);
  /// Deletions leave nothing that `confirm` could see: of an event that `write` applied and that is
  /// `missing` all the same, the key was deleted later.
  virtual bool hides_deletions() const { return false; }
  /// How long after a deletion an older write of its key may still come: later it would bring the
  /// row back. INT64_MAX: for ever.
  virtual Result<int64_t> remembers_deletions_us() { return INT64_MAX; }
  /// A reader with a connection of its own, usable from another thread, at most as long as the sink
  /// lives.
  virtual Result<std::unique_ptr<Reader>> reader() = 0;
};

}  // namespace holdfast::sink
