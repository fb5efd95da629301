#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "event/interval_set.h"

namespace holdfast::sink {

using event::Interval;

/// A set of sequence numbers as disjoint, non-adjacent intervals, which knows how its copy in a
/// store differs from it. A dense stream is one interval. Every operation is O(log intervals).
class SequenceSet {
 public:
  /// False when it was in already.
  bool add(int64_t number);
  /// Takes over an interval that the store has. False when it overlaps or touches what is in: the
  /// copy is damaged.
  bool load(Interval interval);
  bool contains(int64_t number) const;
  std::vector<Interval> intervals() const;

  /// What the copy in the store needs to be equal to this set: first the removals (an interval is
  /// named by its first number), then the additions.
  struct Changes {
    std::vector<int64_t> remove;
    std::vector<Interval> put;
  };
  Changes changes() const;
  /// The changes are in the store.
  void stored();

 private:
  void touch(int64_t first);

  std::map<int64_t, int64_t> now_;     // first -> last
  std::map<int64_t, int64_t> stored_;  // the same, of the copy in the store
  std::set<int64_t> touched_;          // firsts that may differ
  int64_t last_touched_ = INT64_MIN;
};

/// One for each stream: by source and epoch.
using StreamSets = std::map<std::pair<std::string, int64_t>, SequenceSet>;

}  // namespace holdfast::sink
