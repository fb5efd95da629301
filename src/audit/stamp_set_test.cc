#include "audit/stamp_set.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

#include "audit/fingerprint.h"

namespace holdfast::audit {
namespace {

std::set<int64_t> numbers(const Intervals& intervals) {
  std::set<int64_t> result;
  for (const Interval& interval : intervals) {
    for (int64_t n = interval.first; n <= interval.last; ++n) result.insert(n);
  }
  return result;
}

Intervals random_intervals(std::mt19937& random) {
  Intervals result;
  for (int i = 0; i < 8; ++i) {
    const auto first = static_cast<int64_t>(random() % 60);
    result.push_back({first, first + static_cast<int64_t>(random() % 6)});
  }
  return normalise(result);
}

TEST(Intervals, AlgebraAgreesWithPlainSets) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    const Intervals a = random_intervals(random), b = random_intervals(random);
    const std::set<int64_t> x = numbers(a), y = numbers(b);
    std::set<int64_t> both, either = x, only;
    either.insert(y.begin(), y.end());
    for (int64_t n : x) (y.contains(n) ? both : only).insert(n);
    EXPECT_EQ(numbers(unite(a, b)), either);
    EXPECT_EQ(numbers(intersect(a, b)), both);
    EXPECT_EQ(numbers(subtract(a, b)), only);
    EXPECT_EQ(count(subtract(a, b)), only.size());
    EXPECT_EQ(unite(a, b), normalise(unite(a, b)));
  }
}

TEST(Seen, CountsEveryFurtherCopy) {
  Seen seen;
  for (int64_t n : {0, 1, 2, 1, 1, 5}) seen.add(n);
  seen.add({2, 6}, 2);
  EXPECT_EQ(seen.intervals(), (Intervals{{0, 6}}));
  EXPECT_EQ(seen.doubled(), (Intervals{{1, 6}}));
  // 1 came three times; 2 and 5 three times; 3, 4 and 6 twice.
  EXPECT_EQ(seen.further_copies(), 2u + 2 + 2 + 1 + 1 + 1);
}

TEST(Seen, ARunThatComesAgainIsOneInterval) {
  Seen seen;
  for (int64_t n = 0; n < 100'000; ++n) seen.add(n);
  for (int64_t n = 500; n < 90'000; ++n) seen.add(n);
  EXPECT_EQ(seen.repeats().size(), 1u);
  EXPECT_EQ(seen.doubled(), (Intervals{{500, 89'999}}));
}

TEST(Seen, BeyondTheBoundCopiesAreCountedThoughNotNamed) {
  Seen seen;
  const auto bound = static_cast<int64_t>(Seen::repeats_named_max);
  seen.add({0, 4 * bound}, 1);
  for (int64_t n = 0; n < bound + 10; ++n) seen.add(2 * n);
  EXPECT_TRUE(seen.names_cut());
  EXPECT_EQ(seen.further_copies(), static_cast<uint64_t>(bound) + 10);
}

TEST(StampSet, KeepsStreamsApart) {
  StampSet set;
  set.add({"a", 1, 0});
  set.add({"b", 1, 0});
  set.add({"a", 2, 0});
  set.add({"a", 1, 1});
  EXPECT_EQ(set.streams().size(), 3u);
  EXPECT_EQ(set.of({"a", 1}).set().count(), 2u);
  EXPECT_EQ(set.of({"a", 1}).further_copies(), 0u);
  EXPECT_EQ(set.of({"c", 1}).set().count(), 0u);
}

TEST(Fingerprint, OfAnIntervalIsTheSumOfItsNumbers) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 1000; ++round) {
    const auto first = static_cast<int64_t>(random() >> (1 + random() % 60));
    const int64_t last = first + static_cast<int64_t>(random() % 200);
    if (last < first) continue;
    Fingerprint sum;
    for (int64_t n = first;; ++n) {
      const auto u = static_cast<uint64_t>(n);
      sum += Fingerprint{1, u, u * u};
      if (n == last) break;
    }
    EXPECT_EQ(fingerprint(Interval{first, last}), sum) << first << ".." << last;
  }
}

TEST(Fingerprint, DoublesAndLossesDoNotCancel) {
  Seen whole, damaged;
  whole.add({0, 999}, 1);
  damaged.add({0, 499}, 1);
  damaged.add({501, 999}, 1);
  damaged.add(499);  // 500 lost, 499 doubled: the count is the same
  const Interval window{0, 999};
  EXPECT_EQ(fingerprint(whole, window).count, fingerprint(damaged, window).count);
  EXPECT_NE(fingerprint(whole, window), fingerprint(damaged, window));
  EXPECT_EQ(fingerprint(whole, {100, 199}), fingerprint(damaged, {100, 199}));
}

}  // namespace
}  // namespace holdfast::audit
