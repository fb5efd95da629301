#pragma once

#include <cstdint>

namespace holdfast {

/// Sums of times and spans that people may set to anything: what would overflow is for ever (or was
/// always).
constexpr int64_t saturating_sum(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return b < 0 ? INT64_MIN : INT64_MAX;
  return sum;
}
constexpr int64_t saturating_difference(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return b < 0 ? INT64_MAX : INT64_MIN;
  return difference;
}

static_assert(saturating_sum(INT64_MAX, 1) == INT64_MAX &&
              saturating_sum(INT64_MIN, -1) == INT64_MIN);
static_assert(saturating_difference(-2, INT64_MAX) == INT64_MIN &&
              saturating_difference(0, INT64_MIN) == INT64_MAX);

}  // namespace holdfast
