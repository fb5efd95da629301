#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sink/cassandra/interop/real_cassandra.h"
#include "testing/carried.h"
#include "testing/program.h"

namespace holdfast::testing {
namespace {

using cql::must;
using cql::RealCassandra;
using cql::texts;
using nlohmann::json;
using Lines = std::vector<std::string>;

// As a cluster in service: a data center that dies costs its time-outs.
[[maybe_unused]] const bool in_service = RealCassandra::shared_is_patient = false;

constexpr const char* stamp = ", ce_source text, ce_epoch bigint, ce_sequence bigint";

/// The example of the repository, in a keyspace of its own.
struct Job {
  explicit Job(RealCassandra& made, const std::string& example = "cassandra.yaml")
      : cassandra(made),
        session(made.session()),
        keyspace(made.make_keyspace(*session)),
        config(HOLDFAST_SOURCE "/examples/" + example) {
    if (example == "fan-out.yaml") {
      make_table("orders",
                 "id bigint PRIMARY KEY, customer text, placed timestamp, status text, articles "
                 "frozen<list<text>>, address frozen<map<text, text>>");
      make_table("orders_by_customer",
                 "customer text, placed timestamp, id bigint, status text, PRIMARY KEY (customer, "
                 "placed, id)");
      make_table("orders_by_article",
                 "article text, id bigint, status text, PRIMARY KEY (article, id)");
      make_table("orders_by_label", "label text, id bigint, PRIMARY KEY (label, id)");
      make_table("open_orders", "depot text, id bigint, customer text, PRIMARY KEY (depot, id)");
    } else {
      make_table("orders",
                 "id bigint PRIMARY KEY, customer text, amount double, changed timestamp");
      make_table("orders_by_tag", "tag text, id bigint, amount double, PRIMARY KEY (tag, id)");
    }
    environment = {{"DEMO", program.folder()},
                   {"CASSANDRA", made.address(RealCassandra::amsterdam).text()},
                   {"CASSANDRA_KEYSPACE", keyspace},
                   {"CASSANDRA_CONSISTENCY", "EACH_QUORUM"},
                   {"AMSTERDAM", made.address(RealCassandra::amsterdam).text()},
                   {"FRANKFURT", made.address(RealCassandra::frankfurt).text()}};
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
  const std::string config;
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

constexpr int fanned_out = 2'000;

/// Each order twice: open, then shipped when its id is odd.
void write_orders_to_fan_out(const Job& job) {
  std::string lines;
  for (const bool later : {false, true})
    for (int id = 0; id < fanned_out; ++id)
      lines += json{{"id", id},
                    {"customer", id % 10 == 3 ? "test" : "c" + std::to_string(id % 10)},
                    {"placed", "2024-02-29 12:34:56.789"},
                    {"status", later && id % 2 == 1 ? "shipped" : "open"},
                    {"articles", {"a" + std::to_string(id % 4), "bag"}},
                    {"labels", id % 5 == 0 ? json::array() : json{"l" + std::to_string(id % 5)}},
                    {"address", {{"street", "Zeil"}, {"number", id}}},
                    {"depot", "d" + std::to_string(id % 2)}}
                   .dump() +
               "\n";
  write_file(job.program.path("orders.jsonl"), lines);
}

/// Every row of the five tables, as they must be in the end.
Lines rows_fanned_out(const std::string& table) {
  Lines rows;
  for (int id = 0; id < fanned_out; ++id) {
    const std::string number = std::to_string(id), status = id % 2 == 1 ? "shipped" : "open";
    const std::string customer = id % 10 == 3 ? "test" : "c" + std::to_string(id % 10);
    const std::string article = "a" + std::to_string(id % 4);
    const std::string placed = "2024-02-29T12:34:56.789Z";
    if (table == "orders")
      rows.push_back("{number: " + number + ", street: Zeil}|[" + article + ", bag]|" + customer +
                     "|" + number + "|" + placed + "|" + status);
    if (table == "orders_by_customer")
      rows.push_back(customer + "|" + number + "|" + placed + "|" + status);
    if (table == "orders_by_article")
      for (const std::string& one : {article, std::string("bag")})
        rows.push_back(one + "|" + number + "|" + status);
    if (table == "orders_by_label" && id % 5 != 0 && id % 10 != 3)
      rows.push_back(number + "|l" + std::to_string(id % 5));
    if (table == "open_orders" && id % 2 == 0) rows.push_back(customer + "|d0|" + number);
  }
  std::ranges::sort(rows);
  return rows;
}

constexpr std::pair<const char*, const char*> five_tables[] = {
    {"orders", "address, articles, customer, id, placed, status"},
    {"orders_by_customer", "customer, id, placed, status"},
    {"orders_by_article", "article, id, status"},
    {"orders_by_label", "id, label"},
    {"open_orders", "customer, depot, id"}};

TEST(CassandraJob, AnEventFansOutIntoFiveTablesThoughTheProgramIsKilledInTheMiddleOfItsBatches) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  Job job(cassandra, "fan-out.yaml");
  write_orders_to_fan_out(job);
  ASSERT_EQ(job.run({"check", job.config, "--connect"}).code, 0) << job.program.errors();
  for (const char* point : {"sink.before_rows:1", "cql.after_answer:3000", "cql.after_answer:15000",
                            "sink.after_rows:1", "sink.before_ledger:1", "deliver.after_write:1"}) {
    auto environment = job.environment;
    environment.push_back({"HOLDFAST_FAULT", point});
    const Ran ran = job.program.run({"run", job.config, "--once"}, environment);
    ASSERT_EQ(ran.code, -9) << point << ": " << ran.errors;
  }
  const Ran ran = job.run({"run", job.config, "--once"});
  ASSERT_EQ(ran.code, 0) << ran.errors;
  for (const auto where : {RealCassandra::amsterdam, RealCassandra::frankfurt})
    for (const auto& [table, columns] : five_tables)
      EXPECT_EQ(
          job.rows(std::string("SELECT ") + columns + " FROM " + job.keyspace + "." + table, where),
          rows_fanned_out(table))
          << table;
  const Ran audit = job.run({"audit", "report", job.config, "--json"});
  ASSERT_EQ(audit.code, 0) << audit.output << audit.errors;
  const json row = json::parse(audit.output)["stores"][0]["sources"][0];
  EXPECT_EQ(row["captured"], 2 * fanned_out);
  EXPECT_EQ(row["lost"], 0);
  EXPECT_EQ(row["doubled"], 0);
}

/// Orders with ids [from, to), each once, written behind what the file has.
void append_orders(const Job& job, int from, int to) {
  std::ofstream file(job.program.path("orders.jsonl"), std::ios::app);
  for (int i = from; i < to; ++i)
    file << json{{"id", i}, {"customer", "c"}, {"amount", i}, {"tags", {"all"}}, {"state", "open"}}
         << "\n";
}

/// Reads the program's progress until the store is accounted for so many events.
void wait_until_delivered(os::Process& process, int64_t events) {
  Carried carried;
  while (auto line = process.read_line(120'000)) {
    const json progress = json::parse(*line, nullptr, false);
    if (!progress.is_object() || !progress.contains("pipelines")) continue;
    if (carried.saw(progress, events)) return;
  }
  FAIL() << "it ended before " << events << " were delivered";
}

TEST(CassandraOutage, ADatacenterThatFallsSilentIsAwayThoughItsConnectionsStand) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  if (cassandra.is_external()) GTEST_SKIP() << "these nodes are not ours to stop";
  Job job(cassandra, "two-datacentres-cassandra.yaml");
  const std::string ids = "SELECT id, amount, ce_sequence FROM " + job.keyspace + ".orders";
  append_orders(job, 0, 1'000);
  const auto process = job.program.start({"run", job.config, "--progress-json"}, job.environment);
  wait_until_delivered(*process, 1'000);
  cassandra.freeze(RealCassandra::frankfurt);
  append_orders(job, 1'000, 3'000);
  wait_until_delivered(*process, 3'000);
  EXPECT_EQ(job.rows(ids, RealCassandra::amsterdam).size(), 3'000u);
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(60'000), 0);
  cassandra.thaw(RealCassandra::frankfurt);

  const Ran list = job.run({"failures", "list", job.config, "--json"});
  ASSERT_EQ(list.code, 0) << list.errors;
  EXPECT_EQ(json::parse(list.output)["total"], 2'000);
  const Ran repaired = job.run({"repair", "run", job.config, "--once", "--json"});
  ASSERT_EQ(repaired.code, 0) << repaired.output << repaired.errors;
  EXPECT_EQ(job.rows(ids, RealCassandra::frankfurt), job.rows(ids, RealCassandra::amsterdam));
}

TEST(CassandraOutage, WritingGoesOnInOneDatacenterAndARepairBringsWhatTheOtherMissed) {
  HOLDFAST_NEEDS_CASSANDRA(cassandra);
  if (cassandra.is_external()) GTEST_SKIP() << "these nodes are not ours to kill";
  Job job(cassandra, "two-datacentres-cassandra.yaml");
  const std::string ids = "SELECT id, amount, ce_sequence FROM " + job.keyspace + ".orders";
  append_orders(job, 0, 2'000);
  const auto process = job.program.start({"run", job.config, "--progress-json"}, job.environment);
  wait_until_delivered(*process, 2'000);
  // It was written to both at once: by an account of its own.
  const Lines targets =
      job.rows("SELECT DISTINCT pipeline, target FROM " + job.keyspace + ".holdfast_sequences",
               RealCassandra::amsterdam);
  ASSERT_EQ(targets, Lines{"orders|*/orders/orders_by_tag"});
  EXPECT_EQ(job.rows(ids, RealCassandra::frankfurt).size(), 2'000u);

  cassandra.kill(RealCassandra::frankfurt);
  append_orders(job, 2'000, 5'000);
  wait_until_delivered(*process, 5'000);
  EXPECT_EQ(job.rows(ids, RealCassandra::amsterdam).size(), 5'000u);
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(30'000), 0);
  ASSERT_TRUE(cassandra.start());
  EXPECT_EQ(job.rows(ids, RealCassandra::frankfurt).size(), 2'000u);

  const Ran missed = job.run({"audit", "report", job.config, "--json"});
  ASSERT_EQ(missed.code, 0) << missed.output << missed.errors;
  EXPECT_EQ(json::parse(missed.output)["stores"][1]["sources"][0]["refused"], 3'000);
  const Ran repaired = job.run({"repair", "run", job.config, "--once", "--json"});
  ASSERT_EQ(repaired.code, 0) << repaired.output << repaired.errors;
  EXPECT_EQ(job.rows(ids, RealCassandra::frankfurt), job.rows(ids, RealCassandra::amsterdam));
  const Ran audit = job.run({"audit", "report", job.config, "--json"});
  ASSERT_EQ(audit.code, 0) << audit.output << audit.errors;
  const json report = json::parse(audit.output);
  for (const json& store : report["stores"]) {
    EXPECT_EQ(store["sources"][0]["delivered"], 5'000);
    EXPECT_EQ(store["sources"][0]["refused"], 0);
  }
}

}  // namespace
}  // namespace holdfast::testing
