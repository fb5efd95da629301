#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sink/cassandra/interop/real_cassandra.h"
#include "testing/program.h"

namespace holdfast::testing {
namespace {

using cql::must;
using cql::RealCassandra;
using cql::texts;
using nlohmann::json;
using Lines = std::vector<std::string>;

constexpr const char* stamp = ", ce_source text, ce_epoch bigint, ce_sequence bigint";

/// The example of the repository, in a keyspace of its own.
struct Job {
  explicit Job(RealCassandra& made)
      : cassandra(made), session(made.session()), keyspace(made.make_keyspace(*session)) {
    make_table("orders", "id bigint PRIMARY KEY, customer text, amount double, changed timestamp");
    make_table("orders_by_tag", "tag text, id bigint, amount double, PRIMARY KEY (tag, id)");
    environment = {{"DEMO", program.folder()},
                   {"CASSANDRA", made.address(RealCassandra::amsterdam).text()},
                   {"CASSANDRA_KEYSPACE", keyspace},
                   {"CASSANDRA_CONSISTENCY", "EACH_QUORUM"}};
  }
  void make_table(const std::string& name, const std::string& columns) const {
    const size_t key = columns.find(", PRIMARY KEY (");
    const std::string text = key == std::string::npos
                                 ? columns + stamp
                                 : columns.substr(0, key) + stamp + columns.substr(key);
    const Status status =
        session->change_schema("CREATE TABLE " + keyspace + "." + name + " (" + text + ")");
    ASSERT_TRUE(status) << status.error().message;
  }
  void write_orders(int count) {
    std::string lines;
    for (int i = 0; i < count; ++i)
      lines += json{{"id", i % 1'000},
                    {"customer", "c"},
                    {"amount", i},
                    {"tags", {"t" + std::to_string(i % 3), "all"}},
                    {"state", i % 1'000 == 7 && i >= 1'000 ? "cancelled" : "open"}}
                   .dump() +
               "\n";
    lines += R"({"id": 5, "customer": "c", "amount": 1, "tags": "no list"})"
             "\n";
    write_file(program.path("orders.jsonl"), lines);
  }
  Ran run(std::vector<std::string> words) { return program.run(std::move(words), environment); }
  Lines rows(const std::string& cql, RealCassandra::Datacenter where) const {
    return texts(must(cassandra.session(where)->run(cql)));
  }

  RealCassandra& cassandra;
  std::unique_ptr<cql::Session> session;
  std::string keyspace;
  Program program{HOLDFAST_PROGRAM};
  Program::Environment environment;
  const std::string config = HOLDFAST_SOURCE "/examples/cassandra.yaml";
};

TEST(CassandraJob, TheExampleRunsTheAuditIsCleanAndBothDatacentersHoldTheNewest) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Job job(cassandra);
  job.write_orders(3'000);
  ASSERT_EQ(job.run({"check", job.config, "--connect"}).code, 0) << job.program.errors();
  const Ran ran = job.run({"run", job.config, "--once"});
  ASSERT_EQ(ran.code, 0) << ran.errors;

  for (const auto where : {RealCassandra::amsterdam, RealCassandra::frankfurt}) {
    EXPECT_EQ(job.rows("SELECT count(*), cast(min(amount) AS int), cast(max(amount) AS int) FROM " +
                           job.keyspace + ".orders",
                       where),
              Lines{"999|2000|2999"});  // one was cancelled
    EXPECT_EQ(job.rows("SELECT count(*) FROM " + job.keyspace + ".orders_by_tag WHERE tag = 'all'",
                       where),
              Lines{"999"});
  }
  const Ran audit = job.run({"audit", "report", job.config, "--json"});
  ASSERT_EQ(audit.code, 0) << audit.output << audit.errors;
  const json row = json::parse(audit.output)["stores"][0]["sources"][0];
  EXPECT_EQ(row["captured"], 3'001);
  EXPECT_EQ(row["refused"], 1);
  EXPECT_EQ(row["lost"], 0);
  EXPECT_EQ(row["doubled"], 0);
  const Ran list = job.run({"failures", "list", job.config, "--json"});
  ASSERT_EQ(list.code, 0) << list.errors;
  EXPECT_EQ(json::parse(list.output)["failures"][0]["record"]["cause_code"], "conversion");
}

TEST(CassandraJob, WhatCannotBeReplayedIsRefusedByCheckAndByRun) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Job job(cassandra);
  job.write_orders(1);
  ASSERT_TRUE(job.session->change_schema("DROP TABLE " + job.keyspace + ".orders"));
  const auto checked = [&](const std::string& columns) {
    EXPECT_TRUE(job.session->change_schema("DROP TABLE IF EXISTS " + job.keyspace + ".orders"));
    EXPECT_TRUE(
        job.session->change_schema("CREATE TABLE " + job.keyspace + ".orders (" + columns + ")"));
    const Ran ran = job.run({"check", job.config, "--connect"});
    EXPECT_NE(ran.code, 0) << columns;
    return ran.output + ran.errors;
  };
  const std::string counter = checked(
      "id bigint, customer text, changed timestamp, amount counter, PRIMARY KEY (id, customer, "
      "changed)");
  EXPECT_NE(counter.find("counter"), std::string::npos) << counter;
  const std::string list =
      checked("id bigint PRIMARY KEY, customer list<text>, amount double, changed timestamp" +
              std::string(stamp));
  EXPECT_NE(list.find("frozen"), std::string::npos) << list;
  EXPECT_NE(job.run({"run", job.config, "--once"}).code, 0);
}

}  // namespace
}  // namespace holdfast::testing
