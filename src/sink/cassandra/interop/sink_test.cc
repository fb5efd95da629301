#include "sink/cassandra/sink.h"

#include <gtest/gtest.h>

#include "sink/api/conformance.h"
#include "sink/cassandra/interop/sink_fixture.h"

namespace holdfast::sink {
namespace {

using conformance::batch_of;
using conformance::Conformance;
using cql::must;
using cql::RealCassandra;
using cql::texts;

class CassandraTarget : public conformance::Target {
 public:
  CassandraTarget() {
    if (!RealCassandra::shared().start()) return;
    table_ = Shared::get().make_table(
        std::string(stamp) +
        "n bigint, word text, PRIMARY KEY ((ce_source, ce_epoch), ce_sequence)");
  }
  Result<std::unique_ptr<Sink>> open() override {
    if (table_.empty()) return fail(ErrorCode::unavailable, "no Cassandra here");
    auto sink = CassandraSink::open(settings_for({{.table = table_, .when = {{"n", "!666"}}}}),
                                    conformance::schema());
    if (!sink) return std::unexpected(sink.error());
    return std::unique_ptr<Sink>(std::move(*sink));
  }
  std::multiset<std::string> contents() override {
    const auto rows =
        must(Shared::get().session->run("SELECT ce_source, ce_epoch, ce_sequence, n, word FROM " +
                                        Shared::get().keyspace + "." + table_));
    std::multiset<std::string> all;
    for (std::string line : texts(rows)) {
      for (int i = 0; i < 2; ++i) line[line.find('|')] = '/';
      for (int i = 0; i < 2; ++i) line[line.find('|')] = ' ';
      all.insert(std::move(line));
    }
    return all;
  }

 private:
  std::string table_;
};

INSTANTIATE_TEST_SUITE_P(Cassandra, Conformance,
                         ::testing::Values([] { return std::make_unique<CassandraTarget>(); }));

TEST(CassandraSink, AnEventFansOutOverTablesAndListsInBothDatacenters) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Orders orders;
  const auto sink = orders.open();
  ASSERT_TRUE(sink->write(Orders::batch(
                              {{0, 7, 100, "new", R"(["red","blue"])"}, {1, 8, 101, "new", "[]"}}))
                  .complete());
  for (const auto where : {RealCassandra::amsterdam, RealCassandra::frankfurt}) {
    EXPECT_EQ(
        orders.rows(orders.by_id, "id, status, at, ce_sequence, writetime(status)", where),
        (Lines{"7|new|2023-11-14T22:13:20.123Z|0|100", "8|new|2023-11-14T22:13:20.123Z|1|101"}));
    EXPECT_EQ(orders.rows(orders.by_tag, "tag, id, status, ce_source", where),
              (Lines{"blue|7|new|shop", "red|7|new|shop"}));
  }
}

TEST(CassandraSink, TheNewestWinsInAnyOrderAndADeletionStays) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Orders orders;
  const auto sink = orders.open();
  // Newest first, the rest replayed behind it, as a repair does.
  ASSERT_TRUE(sink->write(Orders::batch({{5, 1, 500, "newest"}})).complete());
  ASSERT_TRUE(
      sink->write(Orders::batch({{3, 1, 300, "older"}, {4, 1, 400, "gone", "[]", true}}, false))
          .complete());
  EXPECT_EQ(orders.rows(orders.by_id, "id, status"), Lines{"1|newest"});
  ASSERT_TRUE(sink->write(Orders::batch({{6, 1, 600, "deleted"}}, false)).complete());
  ASSERT_TRUE(
      sink->write(Orders::batch({{5, 1, 500, "newest"}, {3, 1, 300, "older"}}, false)).complete());
  EXPECT_EQ(orders.rows(orders.by_id, "id, status"), Lines{});
  ASSERT_TRUE(sink->write(Orders::batch({{7, 1, 700, "again"}}, false)).complete());
  EXPECT_EQ(orders.rows(orders.by_id, "id, status"), Lines{"1|again"});
}

TEST(CassandraSink, ConfirmAsksTheRowsThemselves) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Orders orders;
  const auto sink = orders.open();
  const Batch batch = Orders::batch({{0, 1, 100, "a", R"(["x"])"},
                                     {1, 1, 200, "b", R"(["x"])"},
                                     {2, 2, 300, "c", R"(["x","y"])"},
                                     {3, 3, 400, "d"},
                                     {4, 4, 500, "e", R"(["x"])", true}});
  EXPECT_EQ(*sink->confirm(batch), (std::vector<Held>{Held::missing, Held::missing, Held::missing,
                                                      Held::missing, Held::present}));
  ASSERT_TRUE(sink->write(batch).complete());
  must(Shared::get().session->run("DELETE FROM " + Shared::get().keyspace + "." + orders.by_tag +
                                  " WHERE tag = 'y' AND id = 2"));
  EXPECT_EQ(*sink->confirm(batch),
            (std::vector<Held>{Held::superseded, Held::present, Held::missing, Held::present,
                               Held::present}));
}

TEST(CassandraSink, WhatCanNeverBeWrittenIsNamedAndNothingIsSent) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Orders orders;
  const auto sink = orders.open();
  Batch batch = Orders::batch({{0, 1, 100, "a"},
                               {1, 2, 101, "b", "no list"},
                               {2, 3, 102, "c", "[]", false, "invoice"},
                               {3, 4, INT64_MAX, "d"}});
  batch.entries.push_back({.row = 4, .epoch = 1, .sequence = 4, .version = 104});
  batch.rows.column(0).add_null();
  for (const size_t column : {1, 2, 4})
    batch.rows.column(column).add_text(column == 1 ? "order" : "[]");
  batch.rows.column(3).add_null();
  const Written written = sink->write(batch);
  EXPECT_EQ(written.outcomes[0], Outcome::unavailable);
  ASSERT_EQ(written.refusals.size(), 4u);
  EXPECT_EQ(written.refusals[0].cause.code, "conversion");
  EXPECT_EQ(written.refusals[1].cause.code, "no_table");
  EXPECT_EQ(written.refusals[2].cause.code, "version_ahead");
  EXPECT_EQ(written.refusals[3].cause.code, "conversion");
  EXPECT_EQ(orders.rows(orders.by_id, "id"), Lines{});
  for (const auto& refusal : written.refusals)
    batch.entries[refusal.entry].row = Entry::handed_over;
  EXPECT_TRUE(sink->write(batch).complete());
  EXPECT_EQ(orders.rows(orders.by_id, "id"), Lines{"1"});
}

TEST(CassandraSink, AReplacedRowIsNotTakenForLost) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Orders orders;
  const auto sink = orders.open();
  ASSERT_TRUE(sink->write(Orders::batch({{0, 1, 100, "a"}, {1, 1, 200, "b"}, {2, 2, 300, "c"}}))
                  .complete());
  conformance::Found rows, without;
  const auto reader = sink->reader();
  ASSERT_TRUE(reader) << reader.error().message;
  ASSERT_TRUE((*reader)->read_back({}, conformance::collect(rows)));
  ASSERT_TRUE((*reader)->read_filtered({}, conformance::collect(without)));
  EXPECT_EQ(rows, (conformance::Found{{{"shop", 1, 1}, 1}, {{"shop", 1, 2}, 1}}));
  EXPECT_EQ(without, (conformance::Found{{{"shop", 1, 0}, 1}}));
}

TEST(CassandraSink, OfTwoWritersTheLedgerNeverClaimsWhatNeitherApplied) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Orders orders;
  const auto zombie = orders.open();
  const auto writer = orders.open();
  ASSERT_TRUE(writer->write(Orders::batch({{0, 1, 100, "a"}, {1, 2, 101, "b"}, {2, 3, 102, "c"}}))
                  .complete());
  // It knows nothing of them, and is behind.
  ASSERT_TRUE(zombie->write(Orders::batch({{0, 1, 100, "a"}, {1, 2, 101, "b"}})).complete());
  ASSERT_TRUE(zombie->write(Orders::batch({{5, 6, 105, "f"}})).complete());
  const auto next = orders.open();
  const Written again =
      next->write(Orders::batch({{2, 3, 102, "c"}, {3, 4, 103, "d"}, {5, 6, 105, "f"}}));
  ASSERT_TRUE(again.complete());
  EXPECT_EQ(again.outcomes[1], Outcome::applied);
  EXPECT_EQ(orders.rows(orders.by_id, "id, status"), (Lines{"1|a", "2|b", "3|c", "4|d", "6|f"}));
}

TEST(CassandraSink, TablesThatCannotBeReplayedIntoAreRefused) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Shared& shared = Shared::get();
  const auto message = [&](CassandraTable table) {
    const auto sink = CassandraSink::open(settings_for({std::move(table)}), Orders::schema());
    EXPECT_FALSE(sink);
    EXPECT_EQ(sink.error().code, ErrorCode::invalid);
    return sink ? "" : sink.error().message;
  };
  const std::string counter = shared.make_table("id bigint PRIMARY KEY, hits counter");
  EXPECT_NE(message({.table = counter, .columns = {{"id", "id"}, {"hits", "id"}}}).find("counter"),
            std::string::npos);
  const std::string list =
      shared.make_table(std::string(stamp) + "id bigint PRIMARY KEY, tags list<text>");
  EXPECT_NE(message({.table = list, .columns = {{"id", "id"}, {"tags", "tags"}}}).find("tags"),
            std::string::npos);
  const std::string bare = shared.make_table("id bigint PRIMARY KEY, status text");
  EXPECT_NE(
      message({.table = bare, .columns = {{"id", "id"}, {"status", "status"}}}).find("ce_source"),
      std::string::npos);
  EXPECT_NE(message({.table = "nowhere"}).find("nowhere"), std::string::npos);
  const std::string text =
      shared.make_table(std::string(stamp) + "id bigint PRIMARY KEY, status text");
  EXPECT_NE(message({.table = text, .columns = {{"id", "id"}, {"status", "id"}}}).find("status"),
            std::string::npos);
}

}  // namespace
}  // namespace holdfast::sink
