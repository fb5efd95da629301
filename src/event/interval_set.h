#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::event {

/// Numbers from `first` to `last`, both inclusive.
struct Interval {
  int64_t first = 0;
  int64_t last = 0;
  uint64_t size() const { return static_cast<uint64_t>(last) - static_cast<uint64_t>(first) + 1; }
  auto operator<=>(const Interval&) const = default;
};

/// The exact set of numbers seen, as disjoint intervals in order. A dense stream is one interval
/// and costs about a nanosecond a number; a set with h holes is h + 1 intervals. Numbers below
/// INT64_MAX only.
///
/// Threads: a value; no locking. NOT promised: multiplicity. It says which numbers were there
/// already, each time they come again.
class IntervalSet {
 public:
  struct Added {
    uint64_t fresh = 0;    // not seen before
    uint64_t doubled = 0;  // seen before
  };

  /// Adds one number. True when it was not there before.
  bool add(int64_t number);
  /// Adds a range. Which part of it was there already is appended to `doubled`, if given.
  Added add(Interval range, std::vector<Interval>* doubled = nullptr);
  /// Adds all of `other`; answers the same as adding each of its intervals.
  Added merge(const IntervalSet& other, std::vector<Interval>* doubled = nullptr);

  bool contains(int64_t number) const;
  /// Whether every number of the range is there.
  bool contains(Interval range) const;
  /// The holes within `range`, in order; at most `limit` of them.
  std::vector<Interval> missing(Interval range, size_t limit = SIZE_MAX) const;
  /// How many numbers of `range` are not there.
  uint64_t missing_count(Interval range) const;

  const std::vector<Interval>& intervals() const { return intervals_; }
  uint64_t count() const { return count_; }
  bool empty() const { return intervals_.empty(); }
  std::optional<int64_t> first() const;
  std::optional<int64_t> last() const;

  /// Little-endian: u32 format 1, u32 number of intervals, then first and last of each (i64).
  ByteBuffer serialise() const;
  /// `corrupt` when the bytes are not a set: wrong format, wrong length, out of order, overlapping
  /// or touching intervals.
  static Result<IntervalSet> parse(ByteView bytes);

  bool operator==(const IntervalSet& other) const { return intervals_ == other.intervals_; }

 private:
  std::vector<Interval> intervals_;
  uint64_t count_ = 0;
};

}  // namespace holdfast::event
