#include "sink/api/sequence_set.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace holdfast::sink {
namespace {

using Intervals = std::vector<Interval>;

TEST(SequenceSet, ADenseStreamIsOneInterval) {
  SequenceSet set;
  for (int64_t i = 0; i < 1000; ++i) EXPECT_TRUE(set.add(i));
  EXPECT_EQ(set.intervals(), (Intervals{{0, 999}}));
  EXPECT_FALSE(set.add(0));
  EXPECT_FALSE(set.add(500));
  EXPECT_FALSE(set.add(999));
}

TEST(SequenceSet, AHoleThatIsFilledJoinsItsNeighbours) {
  SequenceSet set;
  for (int64_t i : {0, 1, 3, 4}) EXPECT_TRUE(set.add(i));
  EXPECT_EQ(set.intervals(), (Intervals{{0, 1}, {3, 4}}));
  EXPECT_TRUE(set.add(2));
  EXPECT_EQ(set.intervals(), (Intervals{{0, 4}}));
}

TEST(SequenceSet, LoadRefusesOverlaps) {
  SequenceSet set;
  EXPECT_TRUE(set.load({10, 20}));
  EXPECT_FALSE(set.load({15, 30}));
  EXPECT_FALSE(set.load({21, 30}));
  EXPECT_FALSE(set.load({5, 9}));
  EXPECT_FALSE(set.load({40, 39}));
  EXPECT_TRUE(set.load({22, 30}));
}

TEST(SequenceSet, ChangesKeepACopyEqualThroughAnyOrderOfAdds) {
  std::mt19937 random(7);
  SequenceSet set;
  std::set<int64_t> model;
  std::map<int64_t, int64_t> copy;
  for (int round = 0; round < 300; ++round) {
    for (int i = 0; i < 20; ++i) {
      const int64_t number = static_cast<int64_t>(random() % 3000);
      EXPECT_EQ(set.add(number), model.insert(number).second);
    }
    const SequenceSet::Changes changes = set.changes();
    for (int64_t first : changes.remove) EXPECT_EQ(copy.erase(first), 1u);
    for (const Interval& put : changes.put) EXPECT_TRUE(copy.emplace(put.first, put.last).second);
    set.stored();
    Intervals copied;
    for (const auto& [first, last] : copy) copied.push_back({first, last});
    ASSERT_EQ(copied, set.intervals());
  }
  for (int64_t number = 0; number < 3000; ++number)
    EXPECT_EQ(set.contains(number), model.contains(number));
}

}  // namespace
}  // namespace holdfast::sink
