#pragma once

#include <cstdint>

#include "audit/stamp_set.h"

namespace holdfast::audit {

/// What a window of a stream held in one place, in three numbers that add up: how many, the sum of
/// the sequences and the sum of their squares (modulo 2^64), each copy counted. Sums, not xor: a
/// double must not look like a loss. Two different ways to lose or double up to two events of a
/// window have different fingerprints; more may coincide, so the exact sets decide and the
/// fingerprint only lets windows be compared later without them.
struct Fingerprint {
  uint64_t count = 0;
  uint64_t sum = 0;
  uint64_t squares = 0;
  bool operator==(const Fingerprint&) const = default;
  Fingerprint& operator+=(const Fingerprint& other);
};

/// Of every number in the interval, in constant time.
Fingerprint fingerprint(Interval interval);
/// Of everything seen within `window`, copies included.
Fingerprint fingerprint(const Seen& seen, Interval window);

}  // namespace holdfast::audit
