#include <gtest/gtest.h>
#include <random>

#include "testing/temporary_folder.h"
#include "tests/crash/broker_life.h"
#include "tests/crash/broker_load.h"

// The real broker is killed by signal 9 again and again under a mixed load; the history checker
// judges what its clients saw over all its lives.

namespace holdfast::testing {
namespace {

TEST(BrokerKill, NothingIsLostDoubledOrVisibleTooEarlyOverManyKillsUnderLoad) {
  TemporaryFolder folder;
  BrokerLoad load;
  std::mt19937_64 random(4711);
  for (int life = 1; life <= 12; ++life) {
    BrokerLife broker(HOLDFAST_PROGRAM, folder.path() + "/data");
    ASSERT_TRUE(broker.ready());
    ASSERT_TRUE(load.prepare(broker.address()));
    ASSERT_TRUE(load.read_on(broker.address()));
    const uint64_t before = load.acknowledged();
    load.start(broker.address());
    const bool under_load = load.wait_for(before + 50 + random() % 500);
    broker.kill();
    load.join();
    ASSERT_TRUE(under_load);
  }
  BrokerLife broker(HOLDFAST_PROGRAM, folder.path() + "/data");
  ASSERT_TRUE(broker.ready());
  EXPECT_TRUE(load.judge(broker.address()));
  EXPECT_GT(load.committed(), 0u);
}

}  // namespace
}  // namespace holdfast::testing
