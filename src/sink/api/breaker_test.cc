#include "sink/api/breaker.h"

#include <gtest/gtest.h>

namespace holdfast::sink {
namespace {

class HandClock : public os::Clock {
 public:
  int64_t wall_us() const override { return 1'000'000 + now_ms * 1000; }
  int64_t steady_ms() const override { return now_ms; }
  int64_t now_ms = 0;
};

TEST(Breaker, OpensOnTheFirstFailureAndLetsOneProbeThroughWhenItIsDue) {
  HandClock clock;
  Breaker breaker(clock, {.probe_first_ms = 100, .probe_max_ms = 300});
  EXPECT_TRUE(breaker.allows());
  EXPECT_TRUE(breaker.failed("no answer"));
  EXPECT_FALSE(breaker.allows());
  EXPECT_EQ(breaker.report().state, Breaker::State::open);
  EXPECT_EQ(breaker.report().opened_us, 1'000'000);
  clock.now_ms = 100;
  EXPECT_TRUE(breaker.allows());
  EXPECT_EQ(breaker.report().state, Breaker::State::half_open);
  EXPECT_FALSE(breaker.allows());
}

TEST(Breaker, AFailedProbeDoublesThePauseUpToItsBoundAndASuccessResetsIt) {
  HandClock clock;
  Breaker breaker(clock, {.probe_first_ms = 100, .probe_max_ms = 300});
  breaker.failed("x");
  for (const int64_t pause : {100, 200, 300, 300}) {
    clock.now_ms += pause - 1;
    EXPECT_FALSE(breaker.allows()) << pause;
    clock.now_ms += 1;
    ASSERT_TRUE(breaker.allows()) << pause;
    EXPECT_FALSE(breaker.failed("x"));
  }
  clock.now_ms += 300;
  ASSERT_TRUE(breaker.allows());
  breaker.succeeded();
  EXPECT_EQ(breaker.report().state, Breaker::State::closed);
  EXPECT_EQ(breaker.report().opened_us, 0);
  EXPECT_TRUE(breaker.failed("y"));
  EXPECT_EQ(breaker.report().opened_times, 2u);
  clock.now_ms += 100;
  EXPECT_TRUE(breaker.allows());
}

TEST(Breaker, AProbeWithoutAnAnswerIsFollowedByAnother) {
  HandClock clock;
  Breaker breaker(clock, {.probe_first_ms = 100, .probe_max_ms = 300});
  breaker.failed("x");
  clock.now_ms = 100;
  EXPECT_TRUE(breaker.allows());
  clock.now_ms = 200;
  EXPECT_TRUE(breaker.allows());
}

}  // namespace
}  // namespace holdfast::sink
