#pragma once

#include <cstdint>
#include <vector>

#include "event/interval_set.h"

namespace holdfast::audit {

using event::Interval;
/// Disjoint, in order, not touching each other: as IntervalSet::intervals() gives them.
using Intervals = std::vector<Interval>;

// Exact set algebra in one pass over both; constant time when a stream is dense.
Intervals unite(const Intervals& a, const Intervals& b);
Intervals intersect(const Intervals& a, const Intervals& b);
Intervals subtract(const Intervals& a, const Intervals& b);
uint64_t count(const Intervals& intervals);

/// Sorts and joins intervals that may overlap or touch.
Intervals normalise(Intervals intervals);

}  // namespace holdfast::audit
