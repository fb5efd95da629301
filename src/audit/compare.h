#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "audit/stamp_set.h"
#include "event/finding.h"

namespace holdfast::audit {

/// What the spool says that it gave out. Its word is needed for the end of a stream only: what was
/// stamped and has not reached a topic cannot be seen anywhere else.
struct Captured {
  int64_t next_sequence = 0;     // all below were stamped (read after the topics)
  int64_t shipped_sequence = 0;  // all below were acknowledged by Kafka (read before the topics)
};

/// All that is known of one stream, for one store. Nothing here was counted by the write path but
/// `captured`, `filtered` and `refused`, which can only excuse an event, never deliver it.
struct Known {
  const Seen& topics;
  const Seen* store = nullptr;  // none: nothing reads the topic, so only the topics are judged
  const Seen& filtered;         // left out by the transform on purpose
  const Seen& refused;          // in the failure queue
  const Seen& waiting;          // in the topics behind the store's positions: not read yet
  std::optional<Captured> captured;
  bool topics_trimmed = false;     // the beginning of a topic is gone (retention)
  const Seen* repaired = nullptr;  // a repair says that the store has it: no longer on its way
};

/// Where things were looked for, for the findings.
struct Places {
  std::string topics;
  std::string store;
};

/// What became of one stream. Counts are of events (ids), not of copies.
struct Balance {
  uint64_t captured = 0;  // stamped, as far as anybody can tell
  uint64_t in_topics = 0;
  uint64_t delivered = 0;  // in the topics and in the store (trimmed topics: in the store)
  uint64_t lost = 0;
  uint64_t doubled = 0;  // more than once in the store (without a store: in the topics)
  uint64_t doubled_in_topics =
      0;                 // more than once in the topics; the store may well have absorbed it
  uint64_t unknown = 0;  // in the store and never in a topic, or what cannot be judged
  uint64_t refused = 0;  // in the failure queue and not in the store
  uint64_t filtered = 0;
  uint64_t in_flight = 0;  // in the spool or behind the store's positions: on its way
  Balance& operator+=(const Balance& other);
  bool operator==(const Balance&) const = default;
  /// Nothing lost, doubled in the store, or unknown.
  bool clean() const { return lost == 0 && doubled == 0 && unknown == 0; }
};

struct Judged {
  Balance balance;
  std::vector<event::Finding>
      findings;                   // every wrong id, in ranges; lost, then doubled, then unknown
  uint64_t findings_unnamed = 0;  // ranges beyond the bound
};

/// Compares. Pure: the same input gives the same output. `findings_max` bounds the named ranges.
Judged compare(const Stream& stream, const Known& known, const Places& places, size_t findings_max);

}  // namespace holdfast::audit
