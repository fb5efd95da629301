#include "repair/marks.h"

#include <gtest/gtest.h>

namespace holdfast::repair {
namespace {

using Changes = std::map<int32_t, PartitionMarks>;

Changes repaired(int64_t offset) {
  Changes changes;
  changes[0].repaired.add(offset);
  return changes;
}

Changes failing(int64_t offset, int32_t attempts, bool quarantined = false) {
  Changes changes;
  PartitionMarks& marks = changes[0];
  (quarantined ? marks.quarantined : marks.failing)[offset] = {attempts, "23514", "no"};
  return changes;
}

TEST(Marks, AreSetsSoTheSameTwiceCountsOnce) {
  Marks marks;
  for (const int64_t offset : {4, 5, 4, 7}) ASSERT_TRUE(marks.apply(to_json(repaired(offset))));
  EXPECT_EQ(marks.repaired(), 3u);
  EXPECT_TRUE(marks.partitions[0].done(7));
  EXPECT_FALSE(marks.partitions[0].done(6));
}

TEST(Marks, DoneWinsOverFailingInAnyOrder) {
  Marks first, last;
  ASSERT_TRUE(first.apply(to_json(repaired(3))));
  ASSERT_TRUE(first.apply(to_json(failing(3, 1))));
  ASSERT_TRUE(last.apply(to_json(failing(3, 1))));
  ASSERT_TRUE(last.apply(to_json(repaired(3))));
  for (Marks* marks : {&first, &last}) {
    EXPECT_TRUE(marks->partitions[0].done(3));
    EXPECT_TRUE(marks->partitions[0].failing.empty());
  }
}

TEST(Marks, QuarantineEndsFailingAndADropSaysWhoAndWhy) {
  Marks marks;
  ASSERT_TRUE(marks.apply(to_json(failing(9, 4))));
  EXPECT_EQ(marks.partitions[0].failing[9].attempts, 4);
  ASSERT_TRUE(marks.apply(to_json(failing(9, 5, true))));
  EXPECT_TRUE(marks.partitions[0].failing.empty());
  EXPECT_EQ(marks.partitions[0].quarantined[9].code, "23514");
  Changes drop;
  drop[0].dropped[9] = {"ann", "a test", 17};
  ASSERT_TRUE(marks.apply(to_json(drop)));
  EXPECT_TRUE(marks.partitions[0].done(9));
  EXPECT_TRUE(marks.partitions[0].quarantined.empty());
  EXPECT_EQ(marks.partitions[0].dropped[9].who, "ann");
}

TEST(Marks, WhatPeopleWereToldOnlyGrows) {
  Marks marks;
  ASSERT_TRUE(marks.apply(told_json(10, 2)));
  ASSERT_TRUE(marks.apply(told_json(8, 3)));
  EXPECT_EQ(marks.told_repaired, 10u);
  EXPECT_EQ(marks.told_superseded, 3u);
}

TEST(Marks, TheLastSignOfLifeTellsWhoRepairs) {
  Marks marks;
  EXPECT_TRUE(marks.holder.run.empty());
  ASSERT_TRUE(marks.apply(holder_json({"a1", "host", 17, 0})));
  ASSERT_TRUE(marks.apply(to_json(repaired(3))));
  ASSERT_TRUE(marks.apply(holder_json({"a1", "host", 17, 1})));
  EXPECT_EQ(marks.holder.run, "a1");
  EXPECT_EQ(marks.holder.host, "host");
  EXPECT_EQ(marks.holder.process, 17);
  EXPECT_EQ(marks.holder.signs, 1);
  ASSERT_TRUE(marks.apply(holder_json({})));
  EXPECT_TRUE(marks.holder.run.empty());
}

TEST(Marks, WhatIsNoMarkIsRefused) {
  Marks marks;
  for (const char* text : {"", "{", "[]", "{}", R"({"format":1,"partitions":[{}]})",
                           R"({"format":1,"partitions":[{"partition":0,"repaired":[1]}]})",
                           R"({"format":1,"holder":{"run":"a"}})"})
    EXPECT_EQ(marks.apply(text).error().code, ErrorCode::invalid) << text;
  EXPECT_EQ(marks.apply(R"({"format":2})").error().code, ErrorCode::version_unknown);
}

}  // namespace
}  // namespace holdfast::repair
