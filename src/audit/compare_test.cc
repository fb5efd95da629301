#include "audit/compare.h"

#include <gtest/gtest.h>

namespace holdfast::audit {
namespace {

using event::Finding;
using event::FindingKind;

/// Everything that can be known of one stream; by default 1000 events that went through well.
struct Case {
  Seen topics, store, filtered, refused, waiting, repaired;
  std::optional<Captured> captured = Captured{1000, 1000};
  bool trimmed = false;

  explicit Case(int64_t events = 1000) {
    topics.add({0, events - 1}, 1);
    store.add({0, events - 1}, 1);
  }
  void take_from_store(std::initializer_list<int64_t> lost) { store = without(store, lost); }
  void take_from_topics(std::initializer_list<int64_t> lost) { topics = without(topics, lost); }
  Judged judge(size_t findings_max = 100) const {
    return compare({"ewr", 7},
                   Known{topics, &store, filtered, refused, waiting, captured, trimmed, &repaired},
                   {"topic t", "store s"}, findings_max);
  }

 private:
  static Seen without(const Seen& seen, std::initializer_list<int64_t> lost) {
    Intervals gone;
    for (int64_t n : lost) gone.push_back({n, n});
    Seen rest;
    for (const Interval& interval : subtract(seen.intervals(), normalise(gone)))
      rest.add(interval, 1);
    return rest;
  }
};

/// What was found and where, without the notes for people.
std::vector<Finding> bare(const Judged& judged) {
  std::vector<Finding> findings = judged.findings;
  for (Finding& finding : findings) finding.note.clear();
  return findings;
}

TEST(Compare, ACleanRunIsClean) {
  const Judged judged = Case().judge();
  EXPECT_TRUE(judged.balance.clean());
  EXPECT_EQ(judged.balance, (Balance{.captured = 1000, .in_topics = 1000, .delivered = 1000}));
  EXPECT_TRUE(judged.findings.empty());
}

TEST(Compare, WhatARepairSaysItBroughtIsLostWhenItIsNotThereThoughTheStoreIsBehind) {
  Case c;
  c.take_from_store({500, 600});
  c.waiting.add({0, 999}, 1);
  c.repaired.add({0, 550}, 1);
  EXPECT_EQ(
      c.judge().balance,
      (Balance{.captured = 1000, .in_topics = 1000, .delivered = 998, .lost = 1, .in_flight = 1}));
  EXPECT_EQ(bare(c.judge()),
            (std::vector<Finding>{{FindingKind::lost, "ewr", 7, {500, 500}, "store s", ""}}));
}

TEST(Compare, OneLostInTheStoreIsNamed) {
  Case c;
  c.take_from_store({500});
  EXPECT_EQ(c.judge().balance,
            (Balance{.captured = 1000, .in_topics = 1000, .delivered = 999, .lost = 1}));
  EXPECT_EQ(bare(c.judge()),
            (std::vector<Finding>{{FindingKind::lost, "ewr", 7, {500, 500}, "store s", ""}}));
}

TEST(Compare, OneLostBeforeTheTopicIsNamedOnce) {
  Case c;
  c.take_from_store({0});
  c.take_from_topics({0});
  EXPECT_EQ(c.judge().balance,
            (Balance{.captured = 1000, .in_topics = 999, .delivered = 999, .lost = 1}));
  EXPECT_EQ(bare(c.judge()),
            (std::vector<Finding>{{FindingKind::lost, "ewr", 7, {0, 0}, "topic t", ""}}));
}

TEST(Compare, TheLastOnesAreMissedOnlyWithTheSpoolsWord) {
  Case c;
  c.take_from_store({998, 999});
  c.take_from_topics({998, 999});
  EXPECT_EQ(c.judge().balance.lost, 2u);
  c.captured.reset();
  EXPECT_EQ(c.judge().balance, (Balance{.captured = 998, .in_topics = 998, .delivered = 998}));
}

TEST(Compare, ADoubleInTheStoreIsNamedEvenWhenAnotherIsLost) {
  Case c;
  c.take_from_store({10});
  c.store.add(11);
  EXPECT_EQ(c.judge().balance.lost, 1u);
  EXPECT_EQ(c.judge().balance.doubled, 1u);
  EXPECT_EQ(bare(c.judge()),
            (std::vector<Finding>{{FindingKind::lost, "ewr", 7, {10, 10}, "store s", ""},
                                  {FindingKind::doubled, "ewr", 7, {11, 11}, "store s", ""}}));
}

TEST(Compare, ADoubleInATopicThatTheStoreAbsorbedIsNamedButHarmless) {
  Case c;
  c.topics.add({20, 29}, 1);
  EXPECT_TRUE(c.judge().balance.clean());
  EXPECT_EQ(c.judge().balance.doubled_in_topics, 10u);
  EXPECT_EQ(bare(c.judge()),
            (std::vector<Finding>{{FindingKind::doubled, "ewr", 7, {20, 29}, "topic t", ""}}));
}

TEST(Compare, AStampThatNoTopicHasIsUnknown) {
  Case c;
  c.store.add(1000);
  c.captured = Captured{1001, 1001};
  EXPECT_EQ(c.judge().balance.unknown, 1u);
  EXPECT_EQ(c.judge().balance.lost, 0u);
  EXPECT_EQ(bare(c.judge()),
            (std::vector<Finding>{{FindingKind::unknown, "ewr", 7, {1000, 1000}, "store s", ""}}));
}

TEST(Compare, RefusedAndFilteredEventsAreAccountedFor) {
  Case c;
  c.take_from_store({1, 2, 3});
  c.refused.add(1);
  c.filtered.add({2, 3}, 1);
  EXPECT_EQ(
      c.judge().balance,
      (Balance{
          .captured = 1000, .in_topics = 1000, .delivered = 997, .refused = 1, .filtered = 2}));
  EXPECT_TRUE(c.judge().findings.empty());
}

TEST(Compare, AnEventThatIsFilteredAndStoredIsAContradiction) {
  Case c;
  c.filtered.add(5);
  EXPECT_EQ(c.judge().balance.unknown, 1u);
}

TEST(Compare, WhatIsOnItsWayIsNotLost) {
  Case c(900);  // of 1000 stamped, 950 shipped, 900 in the topics at this moment
  c.captured = Captured{1000, 900};
  c.take_from_store({899});
  c.waiting.add(899);
  EXPECT_EQ(c.judge().balance,
            (Balance{.captured = 1000, .in_topics = 900, .delivered = 899, .in_flight = 101}));
  c.captured->shipped_sequence = 950;
  EXPECT_EQ(c.judge().balance.lost, 50u);
}

TEST(Compare, WhatRetentionRemovedIsNeverCalledLost) {
  Case c;
  c.topics = Seen();
  c.topics.add({400, 999}, 1);
  c.trimmed = true;
  EXPECT_EQ(c.judge().balance, (Balance{.captured = 1000, .in_topics = 600, .delivered = 1000}));
  c.take_from_store({100, 500});
  EXPECT_EQ(c.judge().balance.unknown, 1u);  // 100: nobody can tell any more
  EXPECT_EQ(c.judge().balance.lost, 1u);     // 500 is in the topic
}

TEST(Compare, WithoutAStoreTheTopicsAreJudged) {
  Case c;
  c.take_from_topics({3});
  c.topics.add(4);
  const Judged judged = compare(
      {"ewr", 7}, Known{c.topics, nullptr, c.filtered, c.refused, c.waiting, c.captured, false},
      {"topic t", ""}, 100);
  EXPECT_EQ(
      judged.balance,
      (Balance{
          .captured = 1000, .in_topics = 999, .lost = 1, .doubled = 1, .doubled_in_topics = 1}));
}

TEST(Compare, FindingsAreBoundedAndTheRestCounted) {
  Case c;
  c.take_from_store({1, 3, 5, 7, 9});
  const Judged judged = c.judge(2);
  EXPECT_EQ(judged.findings.size(), 2u);
  EXPECT_EQ(judged.findings_unnamed, 3u);
  EXPECT_EQ(judged.balance.lost, 5u);
}

}  // namespace
}  // namespace holdfast::audit
