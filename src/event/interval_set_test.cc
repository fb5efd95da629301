#include "event/interval_set.h"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>

#include "event/finding.h"

namespace holdfast::event {
namespace {

TEST(IntervalSet, KeepsADenseStreamAsOneInterval) {
  IntervalSet set;
  for (int64_t i = 0; i < 1000; ++i) EXPECT_TRUE(set.add(i));
  EXPECT_EQ(set.intervals(), (std::vector<Interval>{{0, 999}}));
  EXPECT_FALSE(set.add(500));
  EXPECT_EQ(set.count(), 1000u);
}

TEST(IntervalSet, NamesExactlyWhatIsMissingAndWhatCameTwice) {
  IntervalSet set;
  set.add(Interval{0, 9});
  set.add(Interval{20, 29});
  std::vector<Interval> doubled;
  const auto added = set.add(Interval{5, 24}, &doubled);
  EXPECT_EQ(added.fresh, 10u);
  EXPECT_EQ(added.doubled, 10u);
  EXPECT_EQ(doubled, (std::vector<Interval>{{5, 9}, {20, 24}}));
  set.add(40);
  EXPECT_EQ(set.missing({-2, 45}), (std::vector<Interval>{{-2, -1}, {30, 39}, {41, 45}}));
  EXPECT_EQ(set.missing({-2, 45}, 1), (std::vector<Interval>{{-2, -1}}));
  EXPECT_EQ(set.missing_count({-2, 45}), 17u);
}

TEST(IntervalSet, AgreesWithASlowSetWhateverIsAdded) {
  EXPECT_TRUE(rc::check([] {
    IntervalSet set;
    std::map<int64_t, int> slow;
    const auto ranges = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(-60, 60), rc::gen::inRange(0, 8)));
    for (const auto& [first, length] : ranges) {
      std::vector<Interval> doubled;
      const auto added =
          length == 0 ? IntervalSet::Added{} : set.add(Interval{first, first + length}, &doubled);
      if (length == 0) {
        RC_ASSERT(set.add(first) == (slow[first]++ == 0));
        continue;
      }
      uint64_t fresh = 0;
      IntervalSet twice;
      for (const Interval& interval : doubled) twice.add(interval);
      for (int64_t number = first; number <= first + length; ++number) {
        const bool seen = slow[number]++ > 0;
        fresh += seen ? 0 : 1;
        RC_ASSERT(twice.contains(number) == seen);
      }
      RC_ASSERT(added.fresh == fresh);
      RC_ASSERT(added.fresh + added.doubled == static_cast<uint64_t>(length) + 1);
    }
    uint64_t missing = 0;
    for (int64_t number = -70; number <= 70; ++number) {
      RC_ASSERT(set.contains(number) == slow.contains(number));
      missing += slow.contains(number) ? 0 : 1;
    }
    RC_ASSERT(set.missing_count({-70, 70}) == missing);
    RC_ASSERT(set.count() == slow.size());
    const auto parsed = IntervalSet::parse(set.serialise());
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(*parsed == set);
    RC_ASSERT(parsed->count() == set.count());
  }));
}

TEST(IntervalSet, MergesAsIfEachNumberWereAdded) {
  IntervalSet left, right;
  left.add(Interval{0, 10});
  right.add(Interval{5, 20});
  right.add(Interval{30, 31});
  const auto added = left.merge(right);
  EXPECT_EQ(added.fresh, 12u);
  EXPECT_EQ(added.doubled, 6u);
  EXPECT_EQ(left.intervals(), (std::vector<Interval>{{0, 20}, {30, 31}}));
}

TEST(IntervalSet, RefusesBytesThatAreNoSet) {
  IntervalSet set;
  set.add(Interval{1, 2});
  set.add(Interval{5, 6});
  const ByteBuffer good = set.serialise();
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(IntervalSet::parse(ByteView(good).first(size)).error().code, ErrorCode::corrupt);
  }
  ByteBuffer touching = good;
  store_le<int64_t>(touching.data() + 24, 3);  // [1,2] [3,6] should be one
  EXPECT_EQ(IntervalSet::parse(touching).error().code, ErrorCode::corrupt);
  ByteBuffer format = good;
  format[0] = std::byte{9};
  EXPECT_EQ(IntervalSet::parse(format).error().code, ErrorCode::corrupt);
}

TEST(IntervalSet, WorksUpToTheEndsOfItsNumbers) {
  IntervalSet set;
  set.add(Interval{INT64_MIN, INT64_MIN});
  set.add(INT64_MAX - 1);
  EXPECT_TRUE(set.contains(INT64_MIN));
  EXPECT_FALSE(set.contains(INT64_MIN + 1));
  EXPECT_EQ(set.missing({INT64_MIN, INT64_MAX - 1}),
            (std::vector<Interval>{{INT64_MIN + 1, INT64_MAX - 2}}));
}

TEST(Finding, ComesBackFromItsJson) {
  const Finding finding{.kind = FindingKind::lost,
                        .source = "e\"wr",
                        .epoch = 5,
                        .sequences = {3, 9},
                        .where = "topic flights.ewr",
                        .note = "line\nend"};
  const auto parsed = parse_finding(to_json(finding));
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, finding);
  for (const char* wrong : {"", "[]", "{}", "{\"kind\":\"odd\"}"})
    EXPECT_FALSE(parse_finding(wrong)) << wrong;
}

}  // namespace
}  // namespace holdfast::event
