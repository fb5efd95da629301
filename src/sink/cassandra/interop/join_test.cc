#include <gtest/gtest.h>

#include "sink/cassandra/interop/sink_fixture.h"
#include "sink/cassandra/plan.h"

// Statements of one event that fall into one partition go as one.

namespace holdfast::sink {
namespace {

using cql::must;
using cql::RealCassandra;

constexpr size_t many_tags = 150;

struct Joined {
  Joined() {
    Shared& shared = Shared::get();
    const std::string columns = std::string(stamp) + "id bigint PRIMARY KEY, status text";
    for (std::string& name : tables) name = shared.make_table(columns);
    tagged = shared.make_table(std::string(stamp) +
                               "id bigint, tag text, status text, PRIMARY KEY (id, tag)");
    std::vector<CassandraTable> wanted;
    for (const std::string& name : tables)
      wanted.push_back({.table = name,
                        .columns = {{"id", "id"}, {"status", "status"}},
                        .delete_when = {{"status", "gone"}}});
    wanted.push_back({.table = tagged,
                      .columns = {{"id", "id"}, {"status", "status"}, {"tag", "tags"}},
                      .fan_out = "tags"});
    settings = settings_for(wanted);
  }
  static std::string many() {
    std::string list = "[";
    for (size_t i = 0; i < many_tags; ++i) list += (i == 0 ? "" : ",") + std::to_string(i);
    return list + "]";
  }
  std::string count(const std::string& table, RealCassandra::Datacenter where) const {
    const auto session = RealCassandra::shared().session(where);
    return cql::texts(
               must(session->run("SELECT count(*) FROM " + Shared::get().keyspace + "." + table)))
        .front();
  }

  std::string tables[4];
  std::string tagged;
  CassandraSettings settings;
};

/// How many statements are in each request.
std::vector<size_t> sizes(const WritePlan& plan) {
  std::vector<size_t> all;
  for (const cql::Request& request : plan.requests) all.push_back(request.bound.size());
  return all;
}

TEST(CassandraJoin, OneRequestForAllStatementsOfAnEventInOnePartitionUpToABound) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Joined joined;
  const auto mapping = compile_mapping(*Shared::get().session, joined.settings, Orders::schema());
  ASSERT_TRUE(mapping) << mapping.error().message;
  const Batch batch = Orders::batch({{0, 1, 100, "a"},
                                     {1, 2, 200, "b", R"(["x","y"])"},
                                     {2, 3, 300, "gone", "[]"},
                                     {3, 1, 400, "d", Joined::many()}});
  const WritePlan plan = plan_write(batch, *mapping, joined.settings, nullptr, 1'000'000);
  EXPECT_EQ(sizes(plan), (std::vector<size_t>{4, 6, 4, 64, 64, 26}));
  EXPECT_EQ(plan.entry_of, (std::vector<uint32_t>{0, 1, 2, 3, 3, 3}));
  for (const cql::Request& request : plan.requests) {
    EXPECT_EQ(request.batch, cql::BatchKind::unlogged);
    EXPECT_TRUE(request.idempotent);
    EXPECT_TRUE(request.token);
  }
  // Large values go by themselves.
  const WritePlan large = plan_write(Orders::batch({{0, 1, 100, std::string(20'000, 'v')}}),
                                     *mapping, joined.settings, nullptr, 1'000'000);
  EXPECT_EQ(sizes(large), (std::vector<size_t>{1, 1, 1, 1}));
  CassandraSettings atomic = joined.settings;
  atomic.atomic = true;
  const WritePlan logged = plan_write(batch, *mapping, atomic, nullptr, 1'000'000);
  EXPECT_EQ(sizes(logged), (std::vector<size_t>{4, 6, 4, 154}));
  EXPECT_EQ(logged.requests.front().batch, cql::BatchKind::logged);
}

TEST(CassandraJoin, EveryRowIsWrittenDeletedAndFoundInBothDatacenters) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Joined joined;
  const auto sink = CassandraSink::open(joined.settings, Orders::schema());
  ASSERT_TRUE(sink) << sink.error().message;
  std::vector<Orders::Order> orders;
  for (int64_t i = 0; i < 50; ++i) orders.push_back({i, i, 1'000 + i, "new", R"(["x","y"])"});
  orders.push_back({50, 50, 1'050, "new", Joined::many()});
  const Batch batch = Orders::batch(orders);
  ASSERT_TRUE((*sink)->write(batch).complete());
  for (const auto where : {RealCassandra::amsterdam, RealCassandra::frankfurt}) {
    for (const std::string& table : joined.tables) EXPECT_EQ(joined.count(table, where), "51");
    EXPECT_EQ(joined.count(joined.tagged, where), std::to_string(100 + many_tags));
  }
  EXPECT_EQ(*(*sink)->confirm(batch), std::vector(orders.size(), Held::present));
  // One row of one table, and the event is not there.
  must(Shared::get().session->run("DELETE FROM " + Shared::get().keyspace + "." + joined.tables[2] +
                                  " WHERE id = 7"));
  std::vector<Held> expected(orders.size(), Held::present);
  expected[7] = Held::missing;
  EXPECT_EQ(*(*sink)->confirm(batch), expected);
  ASSERT_TRUE((*sink)->write(Orders::batch({{51, 3, 5'000, "gone"}}, false)).complete());
  for (const auto where : {RealCassandra::amsterdam, RealCassandra::frankfurt})
    EXPECT_EQ(joined.count(joined.tables[0], where), "50");
}

}  // namespace
}  // namespace holdfast::sink
