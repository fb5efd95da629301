#include <csignal>

#include "tests/datacenters/two_datacenters.h"

// What is promised of two data centers, with a real Cassandra whose hinted handoff is off: whatever
// comes back, our repair has brought it.

namespace holdfast::testing {
namespace {

// As a cluster in service. A patient one keeps what it could not send for 20 s, and brings it by
// itself to a node that is back before that.
[[maybe_unused]] const bool in_service = cql::RealCassandra::shared_is_patient = false;

TEST_F(TwoDatacenters, FrankfurtIsKilledUnderLoadRecoveredAndRepaired) {
  auto running = start({"run", config_, "--progress-json"});
  add_orders(0, 2'000);
  wait_until_carried(*running);
  EXPECT_EQ(rows_of(amsterdam), rows_of(frankfurt));

  add_orders(2'000, 6'000);
  cassandra_.kill(frankfurt);
  wait_until_carried(*running);
  // A newer write of what was missed, and deletions of what was missed and of what was there.
  add(order(5'500, -1) + order(5'600, 0, "cancelled") + order(10, 0, "cancelled"));
  wait_until_carried(*running);
  stop(*running);
  const uint64_t records = records_of("frankfurt");
  EXPECT_GE(records, 1'000u);
  EXPECT_EQ(slack_.texts(cassandra_.address(frankfurt).text()).size(), 1u);  // the alarm

  ASSERT_TRUE(cassandra_.start());
  EXPECT_NE(rows_of(amsterdam), rows_of(frankfurt));
  const json done = repair("frankfurt");
  EXPECT_EQ(done["repaired"].get<uint64_t>() + done["superseded"].get<uint64_t>(), records);
  EXPECT_EQ(done["failing"], 0);
  EXPECT_EQ(rows_of(amsterdam), rows_of(frankfurt));
  EXPECT_EQ(rows_of(frankfurt).size(), 5'998u);

  const auto told = slack_.texts("Repair of frankfurt");
  ASSERT_EQ(told.size(), 1u);
  const auto numbers = numbers_in(told[0]);
  EXPECT_EQ(numbers[0] + numbers[1], records) << told[0];
  // What was repaired and then replaced is no loss.
  running = start({"run", config_, "--progress-json"});
  add(order(5'700, -2));
  wait_until_carried(*running);
  stop(*running);
  const json report = audit();
  for (const json& store : report["stores"]) EXPECT_EQ(store["sources"][0]["refused"], 0);
}

TEST_F(TwoDatacenters, BothOneAfterTheOtherANodeDiesDuringTheRepairAndTheRepairIsKilled) {
  auto running = start({"run", config_, "--progress-json"});
  add_orders(0, 1'000);
  wait_until_carried(*running);
  cassandra_.kill(amsterdam);
  add_orders(1'000, 4'000);
  wait_until_carried(*running);
  ASSERT_TRUE(cassandra_.start());
  cassandra_.kill(frankfurt);
  add_orders(4'000, 6'000);
  wait_until_carried(*running);
  stop(*running);
  ASSERT_TRUE(cassandra_.start());
  const uint64_t records = records_of("amsterdam") + records_of("frankfurt");
  EXPECT_GE(records, 4'000u);

  auto repairing = start({"repair", "run", config_, "--rate", "500", "--concurrency", "64"});
  ASSERT_TRUE(slack_.texts("Repair").empty());
  EXPECT_FALSE(repairing->wait(3'000));
  cassandra_.kill(amsterdam);
  EXPECT_EQ(repairing->wait(120'000), 1);
  ASSERT_TRUE(cassandra_.start());
  for (const char* point : {"repair.after_write:1", "repair.after_confirm:1",
                            "repair.before_mark:1", "repair.after_mark:2"}) {
    auto environment = environment_;
    environment.push_back({"HOLDFAST_FAULT", point});
    const Ran ran = program_.run({"repair", "run", config_, "--concurrency", "64"}, environment);
    EXPECT_EQ(ran.code, -9) << point << ran.errors;
  }
  EXPECT_FALSE(repair("amsterdam").contains("failure"));
  EXPECT_EQ(rows_of(amsterdam), rows_of(frankfurt));
  EXPECT_EQ(rows_of(amsterdam).size(), 6'000u);
  audit();
}

TEST_F(TwoDatacenters, APoisonEventAmongTenThousandStopsNobodyElse) {
  add_orders(0, 5'000);
  add(R"({"id": null, "customer": "c", "amount": 1, "tags": [], "state": "open"})"
      "\n");
  add_orders(5'000, 9'999);
  auto running = start({"run", config_, "--progress-json"});
  wait_until_carried(*running, 1);
  stop(*running);
  EXPECT_EQ(rows_of(amsterdam).size(), 9'999u);
  EXPECT_EQ(rows_of(amsterdam), rows_of(frankfurt));
  const Ran ran = run({"failures", "list", config_, "--json"});
  const json list = json::parse(ran.output, nullptr, false);
  ASSERT_EQ(list["total"], 1) << ran.output << ran.errors;
  EXPECT_EQ(list["failures"][0]["record"]["kind"], "rejected");
  EXPECT_EQ(list["failures"][0]["record"]["cause_code"], "conversion");
}

}  // namespace
}  // namespace holdfast::testing
