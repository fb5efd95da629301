#include "audit/intervals.h"

#include <algorithm>

namespace holdfast::audit {
namespace {

/// Appends an interval that begins at or after the last one's beginning, joining what touches.
void append_joined(Intervals& to, Interval next) {
  if (!to.empty() && (next.first <= to.back().last || next.first == to.back().last + 1)) {
    to.back().last = std::max(to.back().last, next.last);
  } else {
    to.push_back(next);
  }
}

}  // namespace

Intervals unite(const Intervals& a, const Intervals& b) {
  Intervals result;
  size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    const bool from_a = j == b.size() || (i < a.size() && a[i].first <= b[j].first);
    append_joined(result, from_a ? a[i++] : b[j++]);
  }
  return result;
}

Intervals intersect(const Intervals& a, const Intervals& b) {
  Intervals result;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Interval both{std::max(a[i].first, b[j].first), std::min(a[i].last, b[j].last)};
    if (both.first <= both.last) result.push_back(both);
    if (a[i].last < b[j].last) {
      ++i;
    } else {
      ++j;
    }
  }
  return result;
}

Intervals subtract(const Intervals& a, const Intervals& b) {
  Intervals result;
  size_t j = 0;
  for (Interval rest : a) {
    bool left = true;
    while (j < b.size() && b[j].last < rest.first) ++j;
    for (size_t k = j; k < b.size() && b[k].first <= rest.last; ++k) {
      if (b[k].first > rest.first) result.push_back({rest.first, b[k].first - 1});
      if (b[k].last >= rest.last) {
        left = false;
        break;
      }
      rest.first = b[k].last + 1;
    }
    if (left) result.push_back(rest);
  }
  return result;
}

uint64_t count(const Intervals& intervals) {
  uint64_t sum = 0;
  for (const Interval& interval : intervals) sum += interval.size();
  return sum;
}

Intervals normalise(Intervals intervals) {
  std::sort(intervals.begin(), intervals.end());
  Intervals result;
  for (const Interval& interval : intervals) append_joined(result, interval);
  return result;
}

}  // namespace holdfast::audit
