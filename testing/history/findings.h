#pragma once

#include <string>
#include <vector>

#include "testing/history/history.h"

namespace holdfast::history {

enum class Kind : uint8_t {
  lost_write,           // acknowledged (or committed), and not there where a reader has looked
  duplicate,            // one value in two places
  inconsistent_offset,  // two values in one place
  unsent_value,         // read, though nobody sent it
  aborted_read,         // read, though its transaction was aborted, or its send failed
  precommitted_read,    // read by a committed-only reader before the commit was asked for
  poll_skip,            // a reader passed over a record that was there for it
  nonmonotonic_poll,    // a reader went back, or got offsets out of order
  reordered_write,      // a producer's records lie in another order than it sent them
  torn_transaction,     // one part of a transaction is visible and another is not
  stale_read,           // the end that a reader was told lies before what was known then
  stale_offset,         // a group's position was read that had been replaced
  unsent_offset,        // a group's position was read that nobody committed
  double_effect,        // one input has two visible outputs
  lost_effect,          // a processed input has no visible output
  stale_key,            // who reads a compacted partition whole ends with an old value of a key
};
inline constexpr size_t kinds = 16;

/// The name as scripts see it, for example "lost_write".
const char* name(Kind kind);

struct Finding {
  Kind kind;
  uint32_t partition = none;
  int64_t offset = no_offset;
  uint64_t value = 0;
  std::string text;  // for people
};

struct Report {
  std::vector<Finding> findings;  // at most `findings_max`; `found` counts them all
  uint64_t found = 0;
  uint64_t sends = 0;
  uint64_t acknowledged = 0;
  uint64_t seen = 0;    // values that some reader saw
  uint64_t unseen = 0;  // acknowledged, and no reader has got as far: neither lost nor found
  uint64_t polls = 0;

  static constexpr size_t findings_max = 1000;
  bool clean() const { return found == 0; }
  void add(Finding finding) {
    if (found++ < findings_max) findings.push_back(std::move(finding));
  }
  uint64_t count(Kind kind) const;
};

}  // namespace holdfast::history
