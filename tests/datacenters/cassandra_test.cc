#include <csignal>

#include "tests/datacenters/two_datacenters.h"

// What is promised of two data centers, with a real Cassandra whose hinted handoff is off: whatever
// comes back, our repair has brought it.

namespace holdfast::testing {
namespace {

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

}  // namespace
}  // namespace holdfast::testing
