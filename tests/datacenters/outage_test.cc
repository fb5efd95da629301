#include <csignal>

#include "tests/datacenters/two_datacenters.h"

// One data center dies under load. Whatever comes back, our repair has brought it.

namespace holdfast::testing {
namespace {

TEST_F(TwoDatacenters, FrankfurtIsDeadFor30SecondsUnderLoadThenRepairedAndEveryRowIsTheSame) {
  auto running = start({"run", config_, "--progress-json"});
  add_orders(0, 1'000);
  wait_until_carried(*running);
  expect_the_same(1'000);

  Load load(*this, 1'000);
  cassandra_.kill(frankfurt);
  read_progress_for(*running, 30'000);
  ASSERT_TRUE(cassandra_.start());
  // The load goes on until what is new is written to both again.
  while (!HasFailure() && amount_in(frankfurt, 1'000'000).empty()) {
    add(order(1'000'000, 1));
    read_progress_for(*running, 500);
  }
  const int end = load.end();
  // A newer write of what was missed, and a deletion of what was missed: both reach frankfurt
  // before the older writes do. And a deletion of what was there.
  add(order(1'500, -1) + order(1'600, 0, "cancelled") + order(10, 0, "cancelled"));
  wait_until_carried(*running);
  EXPECT_EQ(amount_in(frankfurt, 1'500), "-1");
  stop(*running);
  const uint64_t records = records_of("frankfurt");
  EXPECT_GE(records, 5'000u);
  EXPECT_EQ(slack_.texts(cassandra_.address(frankfurt).text()).size(), 1u);  // the alarm
  EXPECT_NE(rows_of(amsterdam), rows_of(frankfurt));

  const json done = repair("frankfurt");
  EXPECT_EQ(done["repaired"].get<uint64_t>() + done["superseded"].get<uint64_t>(), records);
  EXPECT_GE(done["superseded"], 2);
  EXPECT_EQ(done["failing"], 0);
  expect_the_same(static_cast<size_t>(end) - 1);  // one more, two less
  EXPECT_EQ(amount_in(frankfurt, 1'500), "-1");
  EXPECT_EQ(amount_in(frankfurt, 1'600), "");

  EXPECT_EQ(slack_.texts("Repair of frankfurt").size(), 1u);
  EXPECT_EQ(told_of("frankfurt"), records);
  // What was repaired and then replaced is no loss.
  running = start({"run", config_, "--progress-json"});
  add(order(1'700, -2));
  wait_until_carried(*running);
  stop(*running);
  const json report = audit();
  for (const json& store : report["stores"]) EXPECT_EQ(store["sources"][0]["refused"], 0);
}

TEST_F(TwoDatacenters, APoisonEventAmongTenThousandStopsNobodyElse) {
  add_orders(0, 5'000);
  add(R"({"id": null, "customer": "c", "amount": 1, "tags": [], "state": "open"})"
      "\n");
  add_orders(5'000, 9'999);
  auto running = start({"run", config_, "--progress-json"});
  wait_until_carried(*running, 1);
  stop(*running);
  expect_the_same(9'999);
  const json list = list_failures("orders.failures");
  ASSERT_EQ(list["total"], 1);
  EXPECT_EQ(list["failures"][0]["record"]["kind"], "rejected");
  EXPECT_EQ(list["failures"][0]["record"]["cause_code"], "conversion");
  EXPECT_EQ(slack_.texts("Pipeline orders").size(), 1u);
}

}  // namespace
}  // namespace holdfast::testing
