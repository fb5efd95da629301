#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What clients of a Kafka-like log did and saw, as plain data: written down by a simulation, a
/// drill or a test, and judged by `check` (check.h). Nothing here knows how it was recorded.
namespace holdfast::history {

/// Any clock that all recorders share: simulated time, real microseconds, or a mere count of
/// events.
using Time = int64_t;
inline constexpr Time never = INT64_MAX;
inline constexpr int64_t no_offset = -1;
inline constexpr uint32_t none = UINT32_MAX;

/// How a call ended, for all that its caller knows. `unknown`: it may have happened, and may happen
/// yet.
enum class Outcome : uint8_t { ok, failed, unknown };

struct Partition {
  std::string name;
  bool compacted = false;         // a record may go when a later one of its key is there
  bool tombstones_stay = false;   // they too go only when a later record of their key is there
  int64_t trimmed_to = 0;         // what lies below may be gone, by retention or on request
  int64_t final_end = no_offset;  // read whole up to here, when all was over; no_offset: it was not
  uint32_t whole_reader = none;   // a committed-only consumer that read it whole when all was over,
                                  // while nothing was compacted any more
};

struct Place {
  uint32_t partition = none;
  int64_t offset = no_offset;
  auto operator<=>(const Place&) const = default;
};

/// One record that was given to a producer. The sends of one producer stand in `History::sends` in
/// the order in which it sent them.
struct Send {
  uint64_t value = 0;  // no other send has it
  uint32_t partition = none;
  uint32_t producer = none;  // a session that promises order; none: nobody promised any
  uint32_t transaction = none;
  Time invoked = 0;
  Time completed = never;
  Outcome outcome = Outcome::unknown;
  int64_t offset = no_offset;           // where it is, if the answer said so
  uint64_t key = 0;                     // matters in compacted partitions; 0: none
  bool tombstone = false;               // may go from a compacted partition by itself
  std::optional<Place> made_from = {};  // the input whose effect it is, in read-process-write
};

/// `ok`: committed for certain; `failed`: not committed for certain, nor ever will be (aborted, or
/// nobody asked for the commit); `unknown`: a commit was asked for.
struct Transaction {
  Time commit_invoked = never;
  Outcome outcome = Outcome::failed;
};

struct Record {
  int64_t offset = 0;
  uint64_t value = 0;
};

/// What one poll of one consumer gave from one partition. The polls of a consumer stand in their
/// order.
struct Poll {
  uint32_t consumer = 0;
  uint32_t partition = none;
  bool committed_only = false;  // isolation level read_committed
  bool moved =
      false;  // the position was set, or the partition assigned, since its last poll: `from` is new
  Time invoked = 0;
  Time completed = 0;
  int64_t from = 0;            // the position before
  int64_t to = 0;              // and behind: everything in between was to be seen
  int64_t end = no_offset;     // the high watermark that the answer told, if it did
  int64_t stable = no_offset;  // likewise the last stable offset: what is above is not compacted
  std::vector<Record> records = {};
};

/// A group's position, written or read.
struct OffsetCommit {
  std::string group;
  Place place;
  uint32_t transaction = none;  // of which it is a part; then its outcome is the transaction's
  Time invoked = 0;
  Time completed = never;
  Outcome outcome = Outcome::unknown;
};
struct OffsetRead {
  std::string group;
  Place place;  // offset no_offset: there was none
  Time invoked = 0;
  Time completed = 0;
};

/// Everything visible in [from, to) of an input was processed, by the position that the processor
/// committed last.
struct Processed {
  uint32_t partition = none;
  int64_t from = 0;
  int64_t to = 0;
};

struct History {
  std::vector<Partition> partitions;
  std::vector<Transaction> transactions;
  std::vector<Send> sends;
  std::vector<Poll> polls;
  std::vector<OffsetCommit> commits;
  std::vector<OffsetRead> offset_reads;
  std::vector<Processed> processed;
};

}  // namespace holdfast::history
