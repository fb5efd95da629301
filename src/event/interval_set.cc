#include "event/interval_set.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace holdfast::event {
namespace {

constexpr uint32_t format_1 = 1;
constexpr int64_t number_max = std::numeric_limits<int64_t>::max() - 1;

/// The first interval that ends at or above `number`. Streams mostly grow at their end, so look
/// there first.
template <class Intervals>
auto first_ending_at_or_above(Intervals& intervals, int64_t number) {
  if (intervals.empty() || intervals.back().last < number) return intervals.end();
  if (intervals.size() == 1 || intervals[intervals.size() - 2].last < number) {
    return intervals.end() - 1;
  }
  return std::ranges::lower_bound(intervals, number, {}, &Interval::last);
}

}  // namespace

bool IntervalSet::add(int64_t number) {
  HOLDFAST_CHECK(number <= number_max);
  if (!intervals_.empty()) [[likely]] {
    Interval& back = intervals_.back();
    if (number == back.last + 1) [[likely]] {
      back.last = number;
      ++count_;
      return true;
    }
    if (number >= back.first && number <= back.last) return false;
  }
  return add(Interval{number, number}).fresh == 1;
}

IntervalSet::Added IntervalSet::add(Interval range, std::vector<Interval>* doubled) {
  HOLDFAST_CHECK(range.first <= range.last && range.last <= number_max);
  Added added;
  // All that overlap the range or touch it become one.
  const int64_t below =
      range.first == std::numeric_limits<int64_t>::min() ? range.first : range.first - 1;
  auto from = first_ending_at_or_above(intervals_, below);
  Interval joined = range;
  auto to = from;
  for (; to != intervals_.end() && to->first <= range.last + 1; ++to) {
    const Interval overlap{std::max(to->first, range.first), std::min(to->last, range.last)};
    if (overlap.first <= overlap.last) {
      added.doubled += overlap.size();
      if (doubled != nullptr) doubled->push_back(overlap);
    }
    joined.first = std::min(joined.first, to->first);
    joined.last = std::max(joined.last, to->last);
  }
  added.fresh = range.size() - added.doubled;
  count_ += added.fresh;
  if (from == to) {
    intervals_.insert(from, joined);
  } else {
    *from = joined;
    intervals_.erase(from + 1, to);
  }
  return added;
}

IntervalSet::Added IntervalSet::merge(const IntervalSet& other, std::vector<Interval>* doubled) {
  Added sum;
  for (const Interval& interval : other.intervals_) {
    const Added added = add(interval, doubled);
    sum.fresh += added.fresh;
    sum.doubled += added.doubled;
  }
  return sum;
}

bool IntervalSet::contains(int64_t number) const {
  return contains(Interval{number, number});
}

bool IntervalSet::contains(Interval range) const {
  const auto found = first_ending_at_or_above(intervals_, range.last);
  return found != intervals_.end() && found->first <= range.first;
}

std::vector<Interval> IntervalSet::missing(Interval range, size_t limit) const {
  std::vector<Interval> holes;
  int64_t next = range.first;
  for (auto at = first_ending_at_or_above(intervals_, range.first);
       at != intervals_.end() && at->first <= range.last && holes.size() < limit; ++at) {
    if (at->first > next) holes.push_back({next, at->first - 1});
    next = at->last + 1;
  }
  if (next <= range.last && holes.size() < limit) holes.push_back({next, range.last});
  return holes;
}

uint64_t IntervalSet::missing_count(Interval range) const {
  uint64_t there = 0;
  for (auto at = first_ending_at_or_above(intervals_, range.first);
       at != intervals_.end() && at->first <= range.last; ++at) {
    there += Interval{std::max(at->first, range.first), std::min(at->last, range.last)}.size();
  }
  return range.size() - there;
}

std::optional<int64_t> IntervalSet::first() const {
  if (intervals_.empty()) return std::nullopt;
  return intervals_.front().first;
}

std::optional<int64_t> IntervalSet::last() const {
  if (intervals_.empty()) return std::nullopt;
  return intervals_.back().last;
}

ByteBuffer IntervalSet::serialise() const {
  ByteBuffer bytes(8 + intervals_.size() * 16);
  store_le(bytes.data(), format_1);
  store_le(bytes.data() + 4, static_cast<uint32_t>(intervals_.size()));
  std::byte* to = bytes.data() + 8;
  for (const Interval& interval : intervals_) {
    store_le(to, interval.first);
    store_le(to + 8, interval.last);
    to += 16;
  }
  return bytes;
}

Result<IntervalSet> IntervalSet::parse(ByteView bytes) {
  if (bytes.size() < 8) return fail(ErrorCode::corrupt, "an interval set is shorter than its head");
  if (load_le<uint32_t>(bytes.data()) != format_1) {
    return fail(ErrorCode::corrupt, "an interval set of an unknown format");
  }
  const uint64_t intervals = load_le<uint32_t>(bytes.data() + 4);
  if (bytes.size() != 8 + intervals * 16)
    return fail(ErrorCode::corrupt, "an interval set of a wrong length");
  IntervalSet set;
  set.intervals_.reserve(intervals);
  for (uint64_t i = 0; i < intervals; ++i) {
    const std::byte* from = bytes.data() + 8 + i * 16;
    const Interval interval{load_le<int64_t>(from), load_le<int64_t>(from + 8)};
    const bool after_last =
        set.intervals_.empty() || (interval.first > set.intervals_.back().last &&
                                   interval.first - 1 > set.intervals_.back().last);
    if (interval.first > interval.last || interval.last > number_max || !after_last) {
      return fail(ErrorCode::corrupt, "an interval set whose intervals are not in order");
    }
    set.intervals_.push_back(interval);
    set.count_ += interval.size();
  }
  return set;
}

}  // namespace holdfast::event
