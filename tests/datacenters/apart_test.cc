#include <csignal>

#include "tests/datacenters/two_datacenters.h"
#include "tests/delivery/broker_process.h"

// Parts that are apart from each other: a data center's Kafka that is down with the other's store,
// and a pipeline that sleeps while another takes its place.

namespace holdfast::testing {
namespace {

using pipeline::BrokerProcess;

TEST_F(TwoDatacenters,
       TheSpoolHoldsTheFailureRecordsWhileTheirKafkaIsDownAndWhatIsTooOldWaitsForAPerson) {
  BrokerProcess own, keeper;
  ASSERT_TRUE(own.start() && keeper.start());
  environment_.push_back({"HOLDFAST_BROKER", own.client().bootstrap_servers});
  environment_.push_back({"AMSTERDAM_KAFKA", keeper.client().bootstrap_servers});
  auto running = start({"run", config_, "--progress-json"});
  add_orders(0, 500);
  wait_until_carried(*running);

  cassandra_.kill(frankfurt);
  keeper.kill_hard();
  add_orders(500, 1'500);
  wait_until_carried(*running);  // it goes on
  EXPECT_EQ(orders_in(amsterdam), 1'500u);
  running->signal(SIGKILL);
  ASSERT_EQ(running->wait(10'000), -SIGKILL);
  const json away = list_failures("holdfast.failures.frankfurt", 1);
  ASSERT_EQ(away["missing"].size(), 1u);
  EXPECT_EQ(away["missing"][0]["queue"], "holdfast.failures.frankfurt");
  EXPECT_GE(away["spooled"], 1'000);
  // The queues of the other Kafka are listed all the same.
  EXPECT_EQ(run({"failures", "list", config_}).code, 1);

  ASSERT_TRUE(keeper.start());
  running = start({"run", config_, "--progress-json"});
  for (int i = 0; i < 100 && records_of("frankfurt") < 1'000; ++i) read_progress_for(*running, 200);
  stop(*running);
  const uint64_t records = records_of("frankfurt");
  EXPECT_GE(records, 1'000u);
  EXPECT_EQ(list_failures("holdfast.failures.frankfurt")["spooled"], 0);
  ASSERT_TRUE(cassandra_.start());
  audit();

  // Missed longer ago than the tables remember deletions.
  for (const char* table : {".orders", ".orders_by_tag"})
    ASSERT_TRUE(cassandra_.session()->change_schema("ALTER TABLE " + keyspace_ + table +
                                                    " WITH gc_grace_seconds = 1"));
  const json refused = repair("frankfurt");
  EXPECT_EQ(refused["needs_decision"], records);
  EXPECT_EQ(refused["repaired"], 0);
  EXPECT_EQ(orders_in(frankfurt), 500u);
  EXPECT_EQ(list_failures("holdfast.failures.frankfurt")["failures"][0]["state"], "quarantined");
  const Ran all = run({"failures", "replay", config_, "--all", "--json"});
  EXPECT_EQ(all.code, 0) << all.output << all.errors;
  expect_the_same(1'500);
  audit();
}

/// Whether a process is stopped by a signal.
bool is_stopped(int id) {
  const std::string status = content_of("/proc/" + std::to_string(id) + "/stat");
  return status.find(") T ") != std::string::npos;
}

TEST_F(TwoDatacenters, AZombieThatWakesUpWithAnOldBatchPutsNoOlderValueOverANewerOne) {
  BrokerProcess broker;
  ASSERT_TRUE(broker.start());
  environment_.push_back({"HOLDFAST_BROKER", broker.client().bootstrap_servers});
  const auto capture = [&] {
    const Ran ran = run({"run", config_, "--only", "sources", "--once"});
    ASSERT_EQ(ran.code, 0) << ran.errors;
  };
  const std::vector<std::string> pipelines{"run", config_, "--only", "pipelines",
                                           "--progress-json"};
  add_orders(0, 500);
  capture();
  auto zombie = start(
      pipelines, {{"HOLDFAST_FAULT", "deliver.before_write:1"}, {"HOLDFAST_FAULT_ACTION", "stop"}});
  while (!HasFailure() && !is_stopped(zombie->id())) ASSERT_FALSE(zombie->wait(10));

  std::string newer;
  for (int i = 0; i < 500; ++i) newer += order(i, -i - 1, i % 10 == 0 ? "cancelled" : "open");
  add(newer);
  capture();
  auto heir = start(pipelines);
  wait_until_carried(*heir);
  const Rows newest = rows_of(amsterdam);
  EXPECT_EQ(orders_in(amsterdam), 450u);

  zombie->signal(SIGCONT);
  add_orders(500, 600);
  capture();
  wait_until_carried(*zombie);
  wait_until_carried(*heir);
  stop(*zombie);
  stop(*heir);
  expect_the_same(550);
  const Rows now = rows_of(amsterdam);
  EXPECT_TRUE(std::ranges::all_of(
      newest, [&](const std::string& row) { return std::ranges::count(now, row) == 1; }));
  ASSERT_EQ(run({"run", config_, "--only", "pipelines", "--once"}).code, 0);
  expect_the_same(550);
  audit();
}

}  // namespace
}  // namespace holdfast::testing
