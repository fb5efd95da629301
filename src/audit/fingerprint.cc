#include "audit/fingerprint.h"

#include <algorithm>

namespace holdfast::audit {
namespace {

/// 0 + 1 + ... + n, modulo 2^64.
uint64_t sum_to(uint64_t n) {
  uint64_t a = n, b = n + 1;
  (a % 2 == 0 ? a : b) /= 2;
  return a * b;
}

/// 0 + 1 + 4 + ... + n*n = n (n + 1) (2n + 1) / 6, modulo 2^64: divided before it is multiplied. n
/// is below 2^63.
uint64_t squares_to(uint64_t n) {
  uint64_t a = n, b = n + 1, c = 2 * n + 1;
  (a % 2 == 0 ? a : b) /= 2;
  (a % 3 == 0 ? a : b % 3 == 0 ? b : c) /= 3;
  return a * b * c;
}

Fingerprint clipped(Interval interval, Interval window) {
  const Interval inside{std::max(interval.first, window.first),
                        std::min(interval.last, window.last)};
  return inside.first <= inside.last ? fingerprint(inside) : Fingerprint{};
}

}  // namespace

Fingerprint& Fingerprint::operator+=(const Fingerprint& other) {
  count += other.count;
  sum += other.sum;
  squares += other.squares;
  return *this;
}

Fingerprint fingerprint(Interval interval) {
  const auto first = static_cast<uint64_t>(interval.first),
             last = static_cast<uint64_t>(interval.last);
  const auto below = [&](uint64_t (*to)(uint64_t)) { return first == 0 ? 0 : to(first - 1); };
  return {last - first + 1, sum_to(last) - below(sum_to), squares_to(last) - below(squares_to)};
}

Fingerprint fingerprint(const Seen& seen, Interval window) {
  Fingerprint result;
  const Intervals& intervals = seen.intervals();
  auto at = std::partition_point(intervals.begin(), intervals.end(),
                                 [&](const Interval& i) { return i.last < window.first; });
  for (; at != intervals.end() && at->first <= window.last; ++at) result += clipped(*at, window);
  for (const Interval& repeat : seen.repeats()) result += clipped(repeat, window);
  return result;
}

}  // namespace holdfast::audit
