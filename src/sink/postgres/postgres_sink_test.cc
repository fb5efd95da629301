#include "sink/postgres/postgres_sink.h"

#include <gtest/gtest.h>
#include <thread>

#include "sink/api/prepared_for_tests.h"
#include "sink/postgres/server_for_tests.h"

namespace holdfast::sink {
namespace {

using conformance::batch_of;
using conformance::Conformance;
using conformance::dense;
using postgres::connection_to;
using postgres::contents_of;
using postgres::must;
using postgres::new_database;
using postgres::server;

PostgresSettings settings_of(const std::string& database) {
  return {.connection = connection_to(database), .table = "flights", .key = {}, .pipeline = "p"};
}

class PostgresTarget : public conformance::Target {
 public:
  PostgresTarget() {
    must(database_,
         "CREATE TABLE flights(n bigint CHECK (n <> 666), word text, ce_source text, ce_epoch "
         "bigint, ce_sequence bigint)");
  }
  Result<std::unique_ptr<Sink>> open() override {
    return PostgresSink::open(settings_of(database_), conformance::schema());
  }
  std::multiset<std::string> contents() override { return contents_of(database_); }

 private:
  std::string database_ = new_database();
};

INSTANTIATE_TEST_SUITE_P(Postgres, Conformance,
                         ::testing::Values([] { return std::make_unique<PostgresTarget>(); }));

/// Rows with a key: n is the key, the word the value.
class KeyedPostgres : public ::testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    sink_.reset();
    PostgresSettings settings = settings_of(database_);
    settings.key = {"n"};
    auto sink = PostgresSink::open(settings, conformance::schema());
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = std::move(*sink);
  }
  struct Change {
    int64_t sequence;
    int64_t key;
    int64_t version;
    bool deletion = false;
  };
  Batch batch(const std::vector<Change>& changes) {
    Batch result;
    result.sources = {"ewr"};
    result.rows = event::Rows(conformance::schema());
    for (const Change& change : changes) {
      result.entries.push_back({.row = static_cast<int32_t>(result.rows.rows()),
                                .epoch = 1,
                                .sequence = change.sequence,
                                .version = change.version,
                                .deletion = change.deletion});
      result.rows.column(0).add<int64_t>(change.key);
      if (change.deletion)
        result.rows.column(1).add_null();
      else
        result.rows.column(1).add_text("v" + std::to_string(change.version));
    }
    result.upto[{"flights.ewr", 0}] = ++offset_;
    return result;
  }
  std::vector<Outcome> write(const std::vector<Change>& changes) {
    const Written written = sink_->write(batch(changes));
    EXPECT_TRUE(written.complete())
        << (written.refusals.empty() ? "" : written.refusals.front().cause.message);
    return written.outcomes;
  }
  /// "key word" of each row.
  std::set<std::string> rows() {
    const auto answer = must(database_, "SELECT n || ' ' || word FROM flights");
    std::set<std::string> result;
    for (size_t i = 0; i < answer.rows(); ++i) result.emplace(answer.text(i, 0));
    return result;
  }
  std::string database_ = new_database();
  std::unique_ptr<PostgresSink> sink_;
  int64_t offset_ = 0;
};

using enum Outcome;

TEST_F(KeyedPostgres, TheNewestVersionStaysInAnyOrderOfArrival) {
  EXPECT_EQ(write({{0, 1, 10}, {1, 2, 11}}), (std::vector{applied, applied}));
  EXPECT_EQ(write({{2, 1, 12}}), (std::vector{applied}));
  EXPECT_EQ(write({{3, 1, 5}, {4, 2, 20}, {5, 2, 15}, {6, 3, 1}}),
            (std::vector{superseded, applied, superseded, applied}));
  EXPECT_EQ(rows(), (std::set<std::string>{"1 v12", "2 v20", "3 v1"}));
  EXPECT_EQ(write({{7, 1, 12}}), (std::vector{superseded}));  // equal is not newer
}

TEST_F(KeyedPostgres, ADeletionIsNeverUndoneByAnOlderWrite) {
  write({{0, 1, 10}});
  EXPECT_EQ(write({{1, 1, 20, true}}), (std::vector{applied}));
  EXPECT_EQ(rows(), std::set<std::string>());
  EXPECT_EQ(write({{2, 1, 15}}), (std::vector{superseded}));
  reopen();
  EXPECT_EQ(write({{3, 1, 19}}), (std::vector{superseded}));
  EXPECT_EQ(rows(), std::set<std::string>());
  EXPECT_EQ(write({{4, 1, 30}}), (std::vector{applied}));
  EXPECT_EQ(rows(), (std::set<std::string>{"1 v30"}));
  EXPECT_EQ(write({{5, 1, 25, true}}), (std::vector{superseded}));
  EXPECT_EQ(rows(), (std::set<std::string>{"1 v30"}));
}

TEST_F(KeyedPostgres, ADeletionOfAKeyNeverSeenIsRemembered) {
  EXPECT_EQ(write({{0, 9, 50, true}, {1, 9, 40}}), (std::vector{applied, superseded}));
  EXPECT_EQ(write({{2, 9, 45}}), (std::vector{superseded}));
  EXPECT_EQ(rows(), std::set<std::string>());
}

TEST_F(KeyedPostgres, AnyOrderAndAnyCutOfBatchesEndsTheSame) {
  std::vector<Change> changes;
  for (int64_t i = 0; i < 400; ++i) changes.push_back({i, i % 23, i, i % 7 == 3});
  std::set<std::string> expected;
  for (int64_t key = 0; key < 23; ++key) {
    int64_t last = key;
    for (int64_t i = key; i < 400; i += 23) last = i;
    if (last % 7 != 3) expected.insert(std::to_string(key) + " v" + std::to_string(last));
  }
  uint32_t state = 20261121;
  for (size_t i = changes.size(); i > 1; --i) {
    state = state * 1664525 + 1013904223;
    std::swap(changes[i - 1], changes[state % i]);
  }
  for (size_t begin = 0, size = 1; begin < changes.size(); begin += size, size = size * 2 + 1)
    write({changes.begin() + static_cast<long>(begin),
           changes.begin() + static_cast<long>(std::min(changes.size(), begin + size))});
  EXPECT_EQ(rows(), expected);
}

TEST_F(KeyedPostgres, ConfirmTellsPresentSupersededAndMissing) {
  write({{0, 1, 10}, {1, 2, 11}, {2, 3, 12}, {3, 3, 13, true}});
  const Batch asked = batch({{0, 1, 10}, {9, 2, 5}, {2, 3, 12}, {3, 3, 13, true}, {7, 8, 1}});
  const auto held = sink_->confirm(asked);
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_EQ(*held, (std::vector{Held::present, Held::superseded, Held::superseded, Held::present,
                                Held::missing}));
}

TEST_F(KeyedPostgres, TheReaderTakesReplacedRowsForTheWritePathsWordAndMissingOnesForLost) {
  write({{0, 1, 10}, {1, 1, 11}, {2, 2, 12}, {3, 2, 13, true}, {4, 5, 14}});
  auto reader = sink_->reader();
  ASSERT_TRUE(reader);
  conformance::Found rows, replaced;
  ASSERT_TRUE((*reader)->read_back({}, conformance::collect(rows)));
  ASSERT_TRUE((*reader)->read_filtered({}, conformance::collect(replaced)));
  EXPECT_EQ(rows, (conformance::Found{{{"ewr", 1, 1}, 1}, {{"ewr", 1, 3}, 1}, {{"ewr", 1, 4}, 1}}));
  EXPECT_EQ(replaced, (conformance::Found{{{"ewr", 1, 0}, 1}, {{"ewr", 1, 2}, 1}}));
}

TEST_F(KeyedPostgres, APoisonAmongUpdatesIsNamedByItsSqlstate) {
  must(database_, "ALTER TABLE flights ADD CHECK (n <> 666)");
  write({{0, 1, 10}});
  const Written written = sink_->write(batch({{1, 1, 11}, {2, 666, 12}, {3, 2, 13}}));
  ASSERT_EQ(written.refusals.size(), 1u);
  EXPECT_EQ(written.refusals[0].entry, 1u);
  EXPECT_EQ(written.refusals[0].cause.code, "23514");
  EXPECT_EQ(rows(), (std::set<std::string>{"1 v10"}));
  EXPECT_EQ(write({{1, 1, 11}, {3, 2, 13}}), (std::vector{applied, applied}));
}

TEST_F(KeyedPostgres, AKeyWithoutItsUniqueIndexIsRefused) {
  const std::string other = new_database();
  must(other,
       "CREATE TABLE flights(n bigint, word text, ce_source text, ce_epoch bigint, ce_sequence "
       "bigint, ce_version bigint)");
  PostgresSettings settings = settings_of(other);
  settings.key = {"n"};
  EXPECT_EQ(PostgresSink::open(settings, conformance::schema()).error().code, ErrorCode::invalid);
  settings.key = {"nothing"};
  EXPECT_EQ(PostgresSink::open(settings, conformance::schema()).error().code, ErrorCode::invalid);
}

TEST(PostgresSink, WritesEveryTypeAndItsNulls) {
  const std::string database = new_database();
  auto sink = PostgresSink::open(settings_of(database), prepared::every_type());
  ASSERT_TRUE(sink) << sink.error().message;
  ASSERT_TRUE((*sink)->write(prepared::batch_of_every_type()).complete());
  EXPECT_EQ(must(database,
                 "SELECT concat_ws(' ', b, i, j, k, d, t, o->>'seven', extract(epoch from "
                 "\"at\")::int, extract(epoch from az)::int, \"on\") FROM flights WHERE "
                 "ce_sequence = 0")
                .text(0, 0),
            "t -2 3 4 5.5 six \\ 'quoted' 7 8 9 1970-01-11");
  EXPECT_EQ(must(database,
                 "SELECT num_nulls(b, i, j, k, d, t, o, \"at\", az, \"on\") FROM flights WHERE "
                 "ce_sequence = 1")
                .number(0, 0),
            10);
}

TEST(PostgresSink, ATextWithAZeroByteIsRejectedAlone) {
  const std::string database = new_database();
  auto sink = *PostgresSink::open(settings_of(database), conformance::schema());
  Batch batch = batch_of(dense(0, 10), 10);
  batch.rows.column(0).add<int64_t>(5);
  batch.rows.column(1).add_text(std::string_view("a\0b", 3));
  batch.entries.push_back({.row = 10, .epoch = 1, .sequence = 10});
  const Written written = sink->write(batch);
  ASSERT_EQ(written.refusals.size(), 1u);
  EXPECT_EQ(written.refusals[0].entry, 10u);
  EXPECT_EQ(written.refusals[0].cause.code, "22021");
}

TEST(PostgresSink, ATableOfAnotherShapeIsRefusedByNamesOfColumns) {
  const std::string database = new_database();
  must(database,
       "CREATE TABLE flights(n text, ce_source text, ce_epoch bigint, ce_sequence bigint)");
  auto sink = PostgresSink::open(settings_of(database), conformance::schema());
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().code, ErrorCode::invalid);
  for (const char* part : {"flights", "word", "n is text"})
    EXPECT_NE(sink.error().message.find(part), std::string::npos) << part;
}

TEST(PostgresSink, TwoWritersOfOnePipelineDoNotUndoEachOther) {
  const std::string database = new_database();
  auto pipeline = *PostgresSink::open(settings_of(database), conformance::schema());
  auto items = dense(0, 100);
  for (auto& item : items)
    if (item.sequence % 10 == 5) item.fate = conformance::Item::handed_over;
  ASSERT_TRUE(pipeline->write(batch_of(items, 100)).complete());
  auto repair = *PostgresSink::open(settings_of(database), conformance::schema());
  for (int64_t i = 0; i < 10; ++i) {
    Batch one = batch_of({{i * 10 + 5, (i * 10 + 5) * 10}}, 0);
    one.upto.clear();
    ASSERT_EQ(repair->write(one).outcomes[0], Outcome::applied);
    EXPECT_EQ(repair->confirm(one)->front(), Held::present);
    ASSERT_TRUE(
        pipeline->write(batch_of(dense(100 + i * 10, 110 + i * 10), 110 + i * 10)).complete());
  }
  pipeline = *PostgresSink::open(settings_of(database), conformance::schema());
  conformance::Found found;
  ASSERT_TRUE((*pipeline->reader())->read_back({}, conformance::collect(found)));
  EXPECT_EQ(found.size(), 200u);
  EXPECT_EQ(must(database, "SELECT count(*) FROM holdfast_sequences").number(0, 0), 1);
}

TEST(PostgresSink, AZombieIsToldThatItsPositionsWereMoved) {
  const std::string database = new_database();
  auto zombie = *PostgresSink::open(settings_of(database), conformance::schema());
  ASSERT_TRUE(zombie->write(batch_of(dense(0, 10), 10)).complete());
  auto next = *PostgresSink::open(settings_of(database), conformance::schema());
  ASSERT_TRUE(next->write(batch_of(dense(10, 50), 50)).complete());
  const Written late = zombie->write(batch_of(dense(10, 20), 20));
  EXPECT_TRUE(late.has(Outcome::unavailable));
  EXPECT_EQ((zombie->positions()->at({"flights.ewr", 0})), 50);
  EXPECT_EQ(zombie->write(batch_of(dense(49, 51), 51)).outcomes,
            (std::vector{Outcome::superseded, Outcome::applied}));
}

TEST(PostgresSink, AServerThatIsKilledLosesAndDoublesNothing) {
  const std::string database = new_database();
  auto sink = *PostgresSink::open(settings_of(database), conformance::schema());
  ASSERT_TRUE(sink->write(batch_of(dense(0, 100), 100)).complete());
  server().kill_hard();
  const Written written = sink->write(batch_of(dense(100, 200), 200));
  EXPECT_TRUE(written.has(Outcome::unavailable));
  EXPECT_FALSE(sink->positions());
  EXPECT_EQ(sink->health().health, Health::unavailable);
  server().start();
  EXPECT_EQ((sink->positions()->at({"flights.ewr", 0})), 100);
  ASSERT_TRUE(sink->write(batch_of(dense(100, 200), 200)).complete());
  EXPECT_EQ(contents_of(database).size(), 200u);
  EXPECT_EQ(sink->health().health, Health::well);
}

TEST(PostgresSink, AnAnswerThatDoesNotComeEndsInTime) {
  const std::string database = new_database();
  PostgresSettings settings = settings_of(database);
  settings.connection.timeout_ms = 400;
  auto sink = *PostgresSink::open(settings, conformance::schema());
  ASSERT_TRUE(sink->write(batch_of(dense(0, 100), 100)).complete());
  auto other = *postgres::Connection::open(connection_to(database));
  ASSERT_TRUE(other.run("BEGIN; LOCK TABLE flights"));
  const Written written = sink->write(batch_of(dense(100, 200), 200));
  EXPECT_TRUE(written.has(Outcome::unavailable));
  ASSERT_TRUE(other.run("ROLLBACK"));
  EXPECT_EQ((sink->positions()->at({"flights.ewr", 0})), 100);
  EXPECT_TRUE(sink->write(batch_of(dense(100, 200), 200)).complete());
}

TEST(PostgresSink, ADatabaseThatWasEmptiedBeginsAnew) {
  const std::string database = new_database();
  auto sink = *PostgresSink::open(settings_of(database), conformance::schema());
  ASSERT_TRUE(sink->write(batch_of(dense(0, 100), 100)).complete());
  must(database, "DROP TABLE flights, holdfast_positions, holdfast_writers, holdfast_sequences");
  EXPECT_TRUE(sink->write(batch_of(dense(100, 200), 200)).has(Outcome::unavailable));
  (void)sink->positions();
  EXPECT_EQ(*sink->positions(), Positions());
  EXPECT_TRUE(sink->write(batch_of(dense(0, 200), 200)).complete());
}

TEST(PostgresReader, OfATableThatNobodyWroteIsNotFound) {
  EXPECT_EQ(open_postgres_reader(settings_of(new_database())).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace holdfast::sink
