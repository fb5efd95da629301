#include <csignal>

#include "kafka/interop/real_kafka.h"
#include "tests/datacenters/two_datacenters.h"

// Both data centers die, one after the other, also while they are repaired; and so does the repair.
// On a real Kafka.

namespace holdfast::testing {
namespace {

TEST_F(TwoDatacenters,
       BothDieOneAfterTheOtherOneAgainDuringItsRepairAndTheRepairIsKilledTwentyTimes) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  environment_.push_back({"HOLDFAST_BROKER", kafka.client().bootstrap_servers});
  auto running = start({"run", config_, "--progress-json"});
  add_orders(0, 1'000);
  wait_until_carried(*running);
  cassandra_.kill(amsterdam);
  add_orders(1'000, 3'000);
  wait_until_carried(*running);
  ASSERT_TRUE(cassandra_.start());
  cassandra_.kill(frankfurt);
  add_orders(3'000, 4'000);
  wait_until_carried(*running);
  stop(*running);
  ASSERT_TRUE(cassandra_.start());
  const uint64_t of_amsterdam = records_of("amsterdam"), of_frankfurt = records_of("frankfurt");
  EXPECT_GE(of_amsterdam, 2'000u);
  EXPECT_GE(of_frankfurt, 1'000u);

  const size_t before = orders_in(amsterdam);
  auto repairing = start({"repair", "run", config_, "--rate", "200", "--concurrency", "64"});
  while (!HasFailure() && orders_in(amsterdam) == before) ASSERT_FALSE(repairing->wait(100));
  cassandra_.kill(amsterdam);
  EXPECT_EQ(repairing->wait(120'000), 1);
  ASSERT_TRUE(cassandra_.start());
  EXPECT_EQ(slack_.texts("Repair of amsterdam failed").size(), 1u);

  static const char* points[] = {"repair.after_write:1", "sink.before_ledger:1",
                                 "repair.after_confirm:2", "repair.before_mark:1",
                                 "repair.after_mark:2"};
  for (int round = 0; round < 20; ++round) {
    auto environment = environment_;
    environment.push_back({"HOLDFAST_FAULT", points[round % 5]});
    const Ran ran = program_.run({"repair", "run", config_, "--concurrency", "64"}, environment);
    ASSERT_EQ(ran.code, -9) << points[round % 5] << ran.output << ran.errors;
  }
  EXPECT_FALSE(repair("amsterdam").contains("failure"));
  expect_the_same(4'000);
  // Each record was told once: by the repair that failed, or by the one behind all that were
  // killed.
  EXPECT_EQ(told_of("amsterdam"), of_amsterdam);
  EXPECT_EQ(told_of("frankfurt"), of_frankfurt);
  audit();
}

}  // namespace
}  // namespace holdfast::testing
