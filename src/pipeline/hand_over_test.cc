#include "pipeline/hand_over.h"

#include <gtest/gtest.h>
#include <thread>

#include "pipeline/stop_signal.h"

namespace holdfast::pipeline {
namespace {

TEST(HandOver, GivesEverythingOnceAndInOrderThroughASmallRoom) {
  HandOver<int> queue(2);
  std::jthread giver([&] {
    for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(queue.push(i));
  });
  for (int i = 0; i < 10'000; ++i) ASSERT_EQ(queue.pop(), i);
  EXPECT_FALSE(queue.try_pop());
}

TEST(HandOver, ClosingWakesBothSides) {
  HandOver<int> full(1);
  ASSERT_TRUE(full.push(1));
  std::jthread giver([&] { EXPECT_FALSE(full.push(2)); });
  HandOver<int> empty(1);
  std::jthread taker([&] { EXPECT_FALSE(empty.pop()); });
  full.close();
  empty.close();
  giver.join();
  taker.join();
  EXPECT_FALSE(full.push(3));
}

TEST(StopSignal, EndsASleep) {
  StopSignal stop;
  EXPECT_TRUE(stop.sleep(1));
  std::jthread sleeper([&] { EXPECT_FALSE(stop.sleep(600'000)); });
  stop.raise();
  sleeper.join();
  EXPECT_TRUE(stop.raised());
}

TEST(Backoff, GrowsToItsBoundAndStartsAgain) {
  Backoff backoff(100, 1'000);
  int64_t whole = 100;
  for (int i = 0; i < 10; ++i) {
    const int64_t pause = backoff.next_ms();
    EXPECT_GE(pause, whole / 2);
    EXPECT_LE(pause, whole);
    whole = std::min<int64_t>(1'000, whole * 2);
  }
  backoff.reset();
  EXPECT_LE(backoff.next_ms(), 100);
}

}  // namespace
}  // namespace holdfast::pipeline
