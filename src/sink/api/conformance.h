#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "sink/api/sink.h"

/// The contract of README.md as tests, for every sink. For tests only.
namespace holdfast::sink::conformance {

/// A store for one test. Rows have the columns `n` (int64) and `word` (text); the target refuses
/// rows with `n` = 666.
class Target {
 public:
  virtual ~Target() = default;
  /// Opens the sink, again and again on the same store; the one before is gone by then.
  virtual Result<std::unique_ptr<Sink>> open() = 0;
  /// Every row, read past the sink's own code: "source/epoch/sequence n word".
  virtual std::multiset<std::string> contents() = 0;
};

using MakeTarget = std::function<std::unique_ptr<Target>()>;
inline constexpr int64_t poison = 666;

inline event::Schema schema() {
  return {{"n", event::ColumnType::int64}, {"word", event::ColumnType::text}};
}

struct Item {
  int64_t sequence = 0;
  int64_t n = 0;
  enum { row, filtered, handed_over } fate = row;
};

inline std::string word_of(int64_t n) {
  return n % 2 == 0 ? "even" : "odd, and longer than twelve bytes";
}
inline std::string row_text(int64_t sequence, int64_t n, const std::string& source = "ewr",
                            int64_t epoch = 1) {
  return source + "/" + std::to_string(epoch) + "/" + std::to_string(sequence) + " " +
         std::to_string(n) + " " + word_of(n);
}

inline Batch batch_of(const std::vector<Item>& items, int64_t next_offset,
                      const std::string& source = "ewr") {
  Batch batch;
  batch.sources = {source};
  batch.rows = event::Rows(schema());
  for (const Item& item : items) {
    Entry entry{.epoch = 1, .sequence = item.sequence};
    if (item.fate == Item::filtered) entry.row = Entry::filtered;
    if (item.fate == Item::handed_over) entry.row = Entry::handed_over;
    if (item.fate == Item::row) {
      entry.row = static_cast<int32_t>(batch.rows.rows());
      batch.rows.column(0).add<int64_t>(item.n);
      batch.rows.column(1).add_text(word_of(item.n));
    }
    batch.entries.push_back(entry);
  }
  batch.upto[{"flights." + source, 0}] = next_offset;
  return batch;
}

inline std::vector<Item> dense(int64_t from, int64_t to) {
  std::vector<Item> items;
  for (int64_t i = from; i < to; ++i) items.push_back({i, i * 10});
  return items;
}

/// (source, epoch, sequence) -> how often a reader finds it.
using Found = std::map<std::tuple<std::string, int64_t, int64_t>, int64_t>;
inline auto collect(Found& found) {
  return [&found](std::span<const StoredRun> runs) -> Status {
    for (const StoredRun& run : runs)
      for (int64_t i = run.first; i <= run.last; ++i)
        found[{std::string(run.source), run.epoch, i}] += run.copies;
    return {};
  };
}

class Conformance : public ::testing::TestWithParam<MakeTarget> {
 protected:
  void SetUp() override {
    target_ = GetParam()();
    reopen();
  }
  void reopen() {
    sink_.reset();
    auto sink = target_->open();
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = std::move(*sink);
  }
  std::multiset<std::string> contents() {
    sink_.reset();
    auto found = target_->contents();
    reopen();
    return found;
  }
  Found read_back(const Window& window = {}) {
    Found found;
    const auto reader = sink_->reader();
    EXPECT_TRUE(reader);
    EXPECT_TRUE((*reader)->read_back(window, collect(found)));
    return found;
  }
  std::unique_ptr<Target> target_;
  std::unique_ptr<Sink> sink_;
};

TEST_P(Conformance, AFreshStoreHasNoPositionsAndNoRows) {
  EXPECT_EQ(*sink_->positions(), Positions());
  EXPECT_TRUE(read_back().empty());
}

TEST_P(Conformance, RowsAndPositionsAreThereTogetherAfterReopening) {
  ASSERT_TRUE(sink_->write(batch_of(dense(0, 3), 3)).complete());
  ASSERT_TRUE(sink_->write(batch_of(dense(0, 1), 1, "jfk")).complete());
  EXPECT_EQ(contents(), (std::multiset<std::string>{row_text(0, 0), row_text(1, 10),
                                                    row_text(2, 20), row_text(0, 0, "jfk")}));
  EXPECT_EQ(*sink_->positions(), (Positions{{{"flights.ewr", 0}, 3}, {{"flights.jfk", 0}, 1}}));
  EXPECT_EQ(sink_->health().health, Health::well);
}

TEST_P(Conformance, AReplayedBatchIsSupersededAlsoAfterReopening) {
  ASSERT_TRUE(sink_->write(batch_of(dense(0, 5000), 5000)).complete());
  reopen();
  const Written again = sink_->write(batch_of(dense(4990, 5010), 5010));
  ASSERT_TRUE(again.complete());
  for (size_t i = 0; i < 20; ++i)
    EXPECT_EQ(again.outcomes[i], i < 10 ? Outcome::superseded : Outcome::applied);
  const Found found = read_back();
  EXPECT_EQ(found.size(), 5010u);
  for (const auto& [stamp, copies] : found) EXPECT_EQ(copies, 1);
}

TEST_P(Conformance, ADoubleWithinABatchIsAppliedOnce) {
  const Written written = sink_->write(batch_of({{7, 1}, {7, 1}, {8, 2}}, 3));
  ASSERT_TRUE(written.complete());
  EXPECT_EQ(written.outcomes[1], Outcome::superseded);
  EXPECT_EQ(contents(), (std::multiset<std::string>{row_text(7, 1), row_text(8, 2)}));
}

TEST_P(Conformance, HolesFillInAnyOrder) {
  for (const int64_t sequence : {4, 0, 2, 3, 1, 2, 0})
    ASSERT_TRUE(sink_->write(batch_of({{sequence, sequence}}, 1)).complete());
  reopen();
  EXPECT_EQ(read_back().size(), 5u);
  EXPECT_EQ(sink_->write(batch_of({{3, 3}}, 1)).outcomes[0], Outcome::superseded);
}

TEST_P(Conformance, PoisonIsNamedAndNothingMovesUntilItIsHandedOver) {
  std::vector<Item> items = dense(0, 10'000);
  items[7777].n = poison;
  const Written refused = sink_->write(batch_of(items, 10'000));
  EXPECT_FALSE(refused.complete());
  ASSERT_EQ(refused.refusals.size(), 1u);
  EXPECT_EQ(refused.refusals[0].entry, 7777u);
  EXPECT_FALSE(refused.refusals[0].cause.message.empty());
  EXPECT_EQ(refused.outcomes[7777], Outcome::rejected);
  EXPECT_EQ(refused.outcomes[0], Outcome::unavailable);
  EXPECT_EQ(*sink_->positions(), Positions());
  EXPECT_TRUE(read_back().empty());

  items[7777].fate = Item::handed_over;
  ASSERT_TRUE(sink_->write(batch_of(items, 10'000)).complete());
  const Found found = read_back();
  EXPECT_EQ(found.size(), 9'999u);
  EXPECT_FALSE(found.contains({"ewr", 1, 7777}));
  EXPECT_EQ((sink_->positions()->at({"flights.ewr", 0})), 10'000);
}

TEST_P(Conformance, AHandedOverEventMayStillBeAppliedLater) {
  ASSERT_TRUE(sink_->write(batch_of({{0, 0}, {1, 0, Item::handed_over}}, 2)).complete());
  Batch repair = batch_of({{1, 10}}, 2);
  repair.upto.clear();
  EXPECT_EQ(sink_->write(repair).outcomes[0], Outcome::applied);
  EXPECT_EQ(contents(), (std::multiset<std::string>{row_text(0, 0), row_text(1, 10)}));
}

TEST_P(Conformance, ConfirmTellsWhatIsThereFromWhatIsMissing) {
  ASSERT_TRUE(sink_->write(batch_of({{0, 0}, {1, 10}, {3, 30}}, 4)).complete());
  const auto held = sink_->confirm(batch_of({{0, 0}, {2, 20}, {3, 30}, {4, 0, Item::filtered}}, 5));
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(*held, (std::vector{Held::present, Held::missing, Held::present, Held::present}));
}

TEST_P(Conformance, FilteredEventsAreRecordedAndNotTakenForRows) {
  ASSERT_TRUE(
      sink_->write(batch_of({{0, 0}, {1, 0, Item::filtered}, {2, 0, Item::filtered}, {3, 30}}, 4))
          .complete());
  reopen();
  EXPECT_EQ(read_back().size(), 2u);
  Found filtered;
  const auto reader = sink_->reader();
  ASSERT_TRUE((*reader)->read_filtered({}, collect(filtered)));
  EXPECT_EQ(filtered, (Found{{{"ewr", 1, 1}, 1}, {{"ewr", 1, 2}, 1}}));
  EXPECT_EQ(*(*reader)->positions(), *sink_->positions());
}

TEST_P(Conformance, AWindowReadsBackJustItsPart) {
  ASSERT_TRUE(sink_->write(batch_of(dense(0, 100), 100)).complete());
  ASSERT_TRUE(sink_->write(batch_of(dense(0, 100), 100, "jfk")).complete());
  const Found found = read_back({.source = "jfk", .epoch = 1, .first = 10, .last = 19});
  EXPECT_EQ(found.size(), 10u);
  EXPECT_TRUE(found.contains({"jfk", 1, 10}));
  EXPECT_TRUE(read_back({.epoch = 2}).empty());
}

TEST_P(Conformance, ABatchWithoutEventsMovesPositions) {
  ASSERT_TRUE(sink_->write(batch_of({}, 17)).complete());
  reopen();
  EXPECT_EQ((sink_->positions()->at({"flights.ewr", 0})), 17);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Conformance);

}  // namespace holdfast::sink::conformance
