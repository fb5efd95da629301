#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "testing/history/check.h"

// Histories made by hand: each kind of fault planted once must be named, and that one only; and
// histories with everything that may happen to honest clients must be clean.

namespace holdfast::history {
namespace {

/// Writes a history down, with a clock that counts calls.
class Story {
 public:
  explicit Story(uint32_t partitions = 2) {
    for (uint32_t i = 0; i < partitions; ++i)
      history.partitions.push_back({.name = "t-" + std::to_string(i)});
  }

  /// An acknowledged record; answers its value.
  uint64_t send(uint32_t partition, int64_t offset, uint32_t transaction = none) {
    const uint64_t value = ++values_;
    history.sends.push_back({.value = value,
                             .partition = partition,
                             .producer = 0,
                             .transaction = transaction,
                             .invoked = ++now_,
                             .completed = ++now_,
                             .outcome = Outcome::ok,
                             .offset = offset});
    return value;
  }
  uint64_t send_with(uint32_t partition, Outcome outcome) {
    const uint64_t value = send(partition, no_offset);
    history.sends.back().outcome = outcome;
    return value;
  }
  uint32_t begin() {
    history.transactions.emplace_back();
    return static_cast<uint32_t>(history.transactions.size() - 1);
  }
  void commit(uint32_t transaction, Outcome outcome = Outcome::ok) {
    history.transactions[transaction] = {.commit_invoked = ++now_, .outcome = outcome};
  }
  Poll& poll(uint32_t consumer, uint32_t partition, int64_t from, int64_t to,
             std::vector<Record> records = {}) {
    history.polls.push_back({.consumer = consumer,
                             .partition = partition,
                             .committed_only = true,
                             .moved = false,
                             .invoked = ++now_,
                             .completed = ++now_,
                             .from = from,
                             .to = to,
                             .records = std::move(records)});
    return history.polls.back();
  }
  void commit_offset(int64_t offset, Outcome outcome = Outcome::ok) {
    history.commits.push_back({.group = "g",
                               .place = {0, offset},
                               .invoked = ++now_,
                               .completed = ++now_,
                               .outcome = outcome});
  }
  void read_offset(int64_t offset) {
    history.offset_reads.push_back(
        {.group = "g", .place = {0, offset}, .invoked = ++now_, .completed = ++now_});
  }

  std::vector<std::string> found() const {
    std::vector<std::string> names;
    for (const Finding& finding : check(history).findings) {
      names.push_back(std::string(name(finding.kind)) + " " + std::to_string(finding.value) +
                      " at " + std::to_string(finding.offset));
    }
    return names;
  }

  History history;

 private:
  uint64_t values_ = 0;
  Time now_ = 0;
};

using Names = std::vector<std::string>;

TEST(History, AnAcknowledgedRecordThatReadersPassOverIsLost) {
  Story story;
  story.send(0, 0);
  story.send(0, 1);
  story.send(0, 2);
  story.poll(1, 0, 0, 3, {{0, 1}, {2, 3}});
  EXPECT_EQ(story.found(), Names{"lost_write 2 at 1"});
}

TEST(History, AnAcknowledgedRecordBehindTheFinalEndIsLost) {
  Story story;
  story.send(0, 0);
  story.send(0, 1);
  story.poll(1, 0, 0, 1, {{0, 1}});
  EXPECT_EQ(story.found(), Names{}) << "perhaps nobody has looked yet";
  EXPECT_EQ(check(story.history).unseen, 1u);
  story.history.partitions[0].final_end = 1;
  EXPECT_EQ(story.found(), Names{"lost_write 2 at 1"});
}

TEST(History, ARecordWhoseAnswerNamedNoOffsetIsLostIfTheFinalReadHasItNot) {
  Story story;
  story.send(0, no_offset);
  EXPECT_EQ(story.found(), Names{});
  story.history.partitions[0].final_end = 0;
  EXPECT_EQ(story.found(), Names{"lost_write 1 at -1"});
}

TEST(History, AValueInTwoPlacesIsADuplicate) {
  Story story;
  story.send_with(0, Outcome::unknown);
  story.history.sends[0].producer = none;
  story.poll(1, 0, 0, 2, {{0, 1}, {1, 1}});
  EXPECT_EQ(story.found(), Names{"duplicate 1 at 1"});
}

TEST(History, TwoValuesInOnePlaceAreInconsistent) {
  Story story;
  story.send(0, 0);
  story.send(0, 0);
  story.poll(1, 0, 0, 1, {{0, 1}});
  story.poll(2, 0, 0, 1, {{0, 2}});
  const Names found = story.found();
  EXPECT_EQ(std::ranges::count(found, "inconsistent_offset 2 at 0"), 1);
  EXPECT_TRUE(std::ranges::all_of(
      found, [](const auto& text) { return text.starts_with("inconsistent_offset"); }));
}

TEST(History, AValueThatNobodySentIsNamed) {
  Story story;
  story.poll(1, 0, 0, 1, {{0, 77}});
  EXPECT_EQ(story.found(), Names{"unsent_value 77 at 0"});
}

TEST(History, AReadOfAnAbortedTransactionIsNamed) {
  Story story;
  story.send(0, 0, story.begin());
  story.poll(1, 0, 0, 2, {{0, 1}});
  EXPECT_EQ(story.found(), Names{"aborted_read 1 at 0"});
  story.history.polls[0].committed_only = false;
  EXPECT_EQ(story.found(), Names{}) << "other readers may see it";
}

TEST(History, AReadOfAFailedSendIsNamedForAnyReader) {
  Story story;
  story.send_with(0, Outcome::failed);
  story.poll(1, 0, 0, 1, {{0, 1}}).committed_only = false;
  EXPECT_EQ(story.found(), Names{"aborted_read 1 at 0"});
}

TEST(History, AReadBeforeTheCommitIsNamed) {
  Story story;
  const uint32_t transaction = story.begin();
  story.send(0, 0, transaction);
  story.poll(1, 0, 0, 1, {{0, 1}});
  story.commit(transaction);
  EXPECT_EQ(story.found(), Names{"precommitted_read 1 at 0"});
}

TEST(History, ASkipWithinAPollAndBetweenPollsIsNamed) {
  Story story;
  for (int64_t offset = 0; offset < 4; ++offset) story.send(0, offset);
  story.poll(1, 0, 0, 4, {{0, 1}, {1, 2}, {2, 3}, {3, 4}});
  story.poll(2, 0, 0, 2, {{0, 1}});
  story.poll(2, 0, 3, 4, {{3, 4}});
  EXPECT_EQ(story.found(), (Names{"poll_skip 2 at 1", "poll_skip 3 at 2"}));
}

TEST(History, ACommittedRecordThatOnlyOtherReadersSawIsASkip) {
  Story story;
  const uint32_t transaction = story.begin();
  story.send(0, 0, transaction);
  story.commit(transaction);
  story.poll(1, 0, 0, 2, {{0, 1}}).committed_only = false;
  story.poll(2, 0, 0, 2);
  EXPECT_EQ(story.found(), Names{"poll_skip 1 at 0"});
}

TEST(History, GoingBackIsNamedUnlessThePositionWasSet) {
  Story story;
  story.send(0, 0);
  story.poll(1, 0, 0, 1, {{0, 1}});
  story.poll(1, 0, 0, 1, {{0, 1}});
  EXPECT_EQ(story.found(), Names{"nonmonotonic_poll 0 at 0"});
  story.history.polls[1].moved = true;
  EXPECT_EQ(story.found(), Names{});
}

TEST(History, OffsetsOutOfOrderWithinAPollAreNamed) {
  Story story;
  story.send(0, 0);
  story.send(0, 1);
  story.poll(1, 0, 0, 2, {{1, 2}, {0, 1}});
  EXPECT_EQ(story.found(), Names{"nonmonotonic_poll 1 at 0"});
}

TEST(History, AProducersRecordsInAnotherOrderAreNamed) {
  Story story;
  story.send(0, 1);
  story.send(0, 0);
  EXPECT_EQ(story.found(), Names{"reordered_write 1 at 1"});
  story.history.sends[0].producer = 5;
  EXPECT_EQ(story.found(), Names{}) << "of two producers any order will do";
}

TEST(History, ATransactionOfWhichAPartIsMissingIsTorn) {
  Story story;
  const uint32_t transaction = story.begin();
  story.send(0, 0, transaction);
  story.send(1, 0, transaction);
  story.commit(transaction, Outcome::unknown);
  story.poll(1, 0, 0, 2, {{0, 1}});
  EXPECT_EQ(story.found(), Names{}) << "the other partition was not read";
  story.poll(1, 1, 0, 2);
  const Names found = story.found();
  EXPECT_EQ(std::ranges::count(found, "torn_transaction 2 at 0"), 1);
}

TEST(History, AnEndThatGoesBackIsStale) {
  Story story;
  story.send(0, 0);
  story.poll(1, 0, 0, 0).end = 0;
  EXPECT_EQ(story.found(), Names{"stale_read 0 at 0"});
  story.history.polls[0].invoked = 0;
  EXPECT_EQ(story.found(), Names{}) << "the poll began before the acknowledgement";
}

TEST(History, AReplacedOrForeignPositionIsNamed) {
  Story story;
  story.commit_offset(5);
  story.commit_offset(9);
  story.read_offset(9);
  EXPECT_EQ(story.found(), Names{});
  story.read_offset(5);
  story.read_offset(7);
  story.read_offset(no_offset);
  EXPECT_EQ(story.found(),
            (Names{"stale_offset 0 at 5", "unsent_offset 0 at 7", "stale_offset 0 at -1"}));
}

TEST(History, AnInputWithTwoOutputsOrNoneIsNamed) {
  Story story;
  for (int64_t offset = 0; offset < 3; ++offset) story.send(0, offset);
  story.poll(1, 0, 0, 3, {{0, 1}, {1, 2}, {2, 3}});
  for (const int64_t input : {0, 0, 2}) {
    story.send(1, static_cast<int64_t>(story.history.sends.size()) - 3);
    story.history.sends.back().made_from = Place{0, input};
  }
  story.poll(1, 1, 0, 3, {{0, 4}, {1, 5}, {2, 6}});
  story.history.processed.push_back({.partition = 0, .from = 0, .to = 3});
  EXPECT_EQ(story.found(), (Names{"double_effect 5 at 0", "lost_effect 2 at 1"}));
}

TEST(History, UnknownOutcomesAreNoFindings) {
  Story story;
  story.send_with(0, Outcome::unknown);  // is there
  story.send_with(0, Outcome::unknown);  // is not
  story.send_with(0, Outcome::failed);
  const uint32_t transaction = story.begin();
  story.send(1, 0, transaction);
  story.commit(transaction, Outcome::unknown);
  story.commit_offset(3);
  story.commit_offset(4, Outcome::unknown);
  story.read_offset(3);
  story.read_offset(4);  // applied late
  story.poll(1, 0, 0, 1, {{0, 1}});
  story.poll(1, 1, 0, 2);
  story.history.partitions[0].final_end = 1;
  EXPECT_EQ(story.found(), Names{});
}

TEST(History, CompactionAndRetentionAreNoFindings) {
  Story story;
  for (int64_t offset = 0; offset < 4; ++offset) {
    story.send(0, offset);
    story.history.sends.back().key = 1 + static_cast<uint64_t>(offset) % 2;
    story.send(1, offset);
  }
  story.history.partitions[0].compacted = true;
  story.history.partitions[1].trimmed_to = 2;
  story.poll(1, 0, 0, 4, {{2, 5}, {3, 7}});  // of each key the last
  story.poll(1, 1, 0, 4, {{2, 6}, {3, 8}});
  story.history.partitions[0].final_end = story.history.partitions[1].final_end = 4;
  EXPECT_EQ(story.found(), Names{});
  story.history.polls[0].records.pop_back();
  EXPECT_EQ(story.found(), Names{"lost_write 7 at 3"}) << "the last of a key stays";
}

TEST(History, ATombstoneMayGoAndAnAbortedRecordSupersedesNothing) {
  Story story;
  story.history.partitions[0].compacted = true;
  story.send(0, 0);
  story.send(0, 1, story.begin());
  story.send(0, 2);
  for (Send& send : story.history.sends) send.key = 1;
  story.history.sends[2].key = 2;
  story.history.sends[2].tombstone = true;
  story.poll(1, 0, 0, 3);
  EXPECT_EQ(story.found(), Names{"lost_write 1 at 0"});
}

/// Key 1 at 0 and 1, key 2 at 2 and its tombstone at 3.
Story compacted_story() {
  Story story;
  story.history.partitions[0].compacted = true;
  for (int64_t offset = 0; offset < 4; ++offset) {
    story.send(0, offset);
    story.history.sends.back().key = offset < 2 ? 1 : 2;
  }
  story.history.sends[3].tombstone = true;
  return story;
}

TEST(History, AnOldValueMustNotBeAllThatIsLeftOfAKey) {
  Story story = compacted_story();
  story.poll(1, 0, 0, 4, {{1, 2}, {2, 3}});
  EXPECT_EQ(story.found(), Names{}) << "it may have been read before the tombstone came and went";
  story.history.partitions[0].whole_reader = 1;
  EXPECT_EQ(story.found(), Names{"stale_key 3 at 2"});
  story.history.polls[0].records.pop_back();
  EXPECT_EQ(story.found(), Names{});
  story.history.partitions[0].tombstones_stay = true;
  EXPECT_EQ(story.found(), Names{"lost_write 4 at 3"});
}

TEST(History, WhatLiesAboveTheLastStableOffsetIsNotCompacted) {
  Story story = compacted_story();
  story.poll(1, 0, 0, 4, {{0, 1}, {1, 2}, {2, 3}, {3, 4}});
  story.poll(2, 0, 0, 4, {{1, 2}, {3, 4}});
  EXPECT_EQ(story.found(), Names{});
  story.history.polls[1].stable = 2;
  EXPECT_EQ(story.found(), Names{}) << "a committed-only reader sees nothing above it";
  story.history.polls[1].committed_only = false;
  EXPECT_EQ(story.found(), Names{"poll_skip 3 at 2"});
}

TEST(History, ATombstoneThatNobodySawMayHaveDeletedItsKey) {
  Story story;
  story.history.partitions[0].compacted = true;
  story.send(0, 1);
  story.send_with(0, Outcome::unknown);
  for (Send& send : story.history.sends) send.key = 1;
  story.history.sends[0].producer = 7;
  story.history.sends[1].tombstone = true;
  story.poll(1, 0, 0, 4);
  EXPECT_EQ(story.found(), Names{});
  story.send(0, 0);  // by the tombstone's producer, later: so the tombstone is not above
  story.poll(1, 0, 0, 1, {{0, 3}}).moved = true;
  EXPECT_EQ(story.found(), (Names{"lost_write 1 at 1", "poll_skip 3 at 0"}));
}

/// Many clients for a long time, by a seed, with nothing wrong; then one record is taken out of
/// what all readers saw.
Story long_story(uint64_t seed) {
  std::mt19937_64 random(seed);
  Story story(3);
  std::vector<std::vector<Record>> logs(3);
  for (int i = 0; i < 3000; ++i) {
    const auto partition = static_cast<uint32_t>(random() % 3);
    auto& log = logs[partition];
    const bool in_transaction = random() % 4 == 0;
    const bool commits = random() % 3 != 0;
    const uint32_t transaction = in_transaction ? story.begin() : none;
    const uint64_t value = story.send(partition, static_cast<int64_t>(log.size()), transaction);
    if (in_transaction && commits) story.commit(transaction);
    log.push_back({static_cast<int64_t>(log.size()), in_transaction && !commits ? 0 : value});
  }
  for (uint32_t consumer = 0; consumer < 4; ++consumer) {
    for (uint32_t partition = 0; partition < 3; ++partition) {
      const auto end = static_cast<int64_t>(logs[partition].size());
      for (int64_t at = 0; at < end;) {
        const int64_t to = std::min(end, at + 1 + static_cast<int64_t>(random() % 50));
        std::vector<Record> records;
        for (int64_t offset = at; offset < to; ++offset) {
          const Record& record = logs[partition][static_cast<size_t>(offset)];
          if (record.value != 0) records.push_back(record);
        }
        story.poll(consumer, partition, at, to, std::move(records));
        at = to;
      }
    }
  }
  return story;
}

TEST(History, ALongCleanHistoryIsCleanAndOneLostRecordInItIsNamed) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Story story = long_story(seed);
    EXPECT_EQ(story.found(), Names{}) << seed;
    const Record lost = story.history.polls[7].records.at(0);
    for (Poll& poll : story.history.polls) {
      if (poll.partition != story.history.polls[7].partition) continue;
      std::erase_if(poll.records, [&](const Record& record) { return record.value == lost.value; });
    }
    EXPECT_EQ(story.found(), (Names{"lost_write " + std::to_string(lost.value) + " at " +
                                    std::to_string(lost.offset)}))
        << seed;
  }
}

}  // namespace
}  // namespace holdfast::history
