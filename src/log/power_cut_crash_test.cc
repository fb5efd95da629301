#include <gtest/gtest.h>

#include "log/workload_for_tests.h"
#include "testing/simulated_disk.h"

namespace holdfast::log {
namespace {

using testing::SimulatedDisk;

constexpr int actions = 260;

/// Everything that the workload does to the disk in one life, so that the power can go before each
/// of it.
uint64_t operations_of(uint64_t seed) {
  SimulatedDisk disk(seed);
  Workload workload(disk, seed);
  EXPECT_TRUE(workload.open());
  workload.run(actions);
  workload.close();
  return disk.operations();
}

void expect_no_damage(os::Files& files) {
  const auto report = verify(files, "/log");
  ASSERT_TRUE(report) << report.error().message;
  for (const Damage& damage : report->damage) {
    ADD_FAILURE() << damage.file << " at " << damage.position.value << ": " << damage.what;
  }
}

TEST(PowerCut, AcknowledgedFramesSurviveACutBeforeEveryOperation) {
  uint64_t torn_tails = 0;
  for (uint64_t seed = 1; seed <= 2; ++seed) {
    const uint64_t operations = operations_of(seed);
    ASSERT_GT(operations, 100u);
    for (uint64_t cut = 0; cut <= operations; ++cut) {
      SimulatedDisk disk(seed * 1000 + cut);
      Workload workload(disk, seed);
      ASSERT_TRUE(workload.open());
      disk.cut_power_before(cut - std::min(cut, disk.operations()));
      workload.run(actions);
      workload.close();
      ASSERT_TRUE(disk.power_was_cut() || cut >= operations) << "seed " << seed << " cut " << cut;
      disk.power_on();
      SCOPED_TRACE("seed " + std::to_string(seed) + ", power cut before operation " +
                   std::to_string(cut) + ": " + disk.operation_name(cut));
      expect_no_damage(disk);
      const auto opened = workload.open();
      ASSERT_TRUE(opened) << opened.error().message;
      torn_tails += workload.opened_with_torn_tail();
      // A second life on what is left, and a second cut: a tail that was cut off must never come
      // back.
      disk.cut_power_before(cut * 7 % 90);
      workload.run(actions);
      workload.close();
      disk.power_on();
      expect_no_damage(disk);
      const auto again = workload.open();
      ASSERT_TRUE(again) << again.error().message;
      if (::testing::Test::HasFailure()) return;
    }
  }
  EXPECT_GT(torn_tails, 100u) << "the cuts did not tear anything: this test tested nothing";
}

/// kill -9 loses nothing that was written, so recovery may find frames that were never synced. Once
/// it has found them they count as durable, and a power cut right afterwards must not take them
/// away.
TEST(PowerCut, WhatWasFoundAfterAKillSurvivesAPowerCut) {
  for (uint64_t seed = 3; seed <= 3; ++seed) {
    const uint64_t operations = operations_of(seed);
    for (uint64_t cut = 0; cut <= operations; ++cut) {
      SimulatedDisk disk(seed * 1000 + cut);
      Workload workload(disk, seed);
      ASSERT_TRUE(workload.open());
      disk.cut_power_before(cut - std::min(cut, disk.operations()));
      workload.run(actions);
      workload.close();
      disk.restart_process();
      SCOPED_TRACE("seed " + std::to_string(seed) + ", killed before operation " +
                   std::to_string(cut) + ": " + disk.operation_name(cut));
      expect_no_damage(disk);
      const auto opened = workload.open();
      ASSERT_TRUE(opened) << opened.error().message;
      disk.cut_power_before(0);
      workload.close();
      disk.power_on();
      const auto again = workload.open();
      ASSERT_TRUE(again) << again.error().message;
      if (::testing::Test::HasFailure()) return;
    }
  }
}

std::vector<std::string> bodies(Log& log) {
  std::vector<std::string> found;
  EXPECT_TRUE(log.replay({}, [&](const Frame& frame) -> Status {
    found.emplace_back(as_text(frame.body));
    return {};
  }));
  return found;
}

/// A frame that ends with its page, so that the padding of the flush behind it hides nothing; or
/// one of a single sector.
std::string body_for_tearing(char letter) {
  const uint64_t bytes = letter >= 'c' && letter <= 'g' ? 512 : format::page_bytes;
  return std::string(bytes - format::frame_header_bytes, letter);
}

/// The first of several frames of one flush is torn and the later ones are whole on the disk. They
/// are not found, and a new frame in the place of the first, just as long, must not bring them
/// back.
TEST(PowerCut, ATornTailNeverComesBackBehindNewFrames) {
  const auto append = [](Log& log, char letter) {
    const std::string body = body_for_tearing(letter);
    const ByteView part = as_bytes(body);
    ASSERT_TRUE(log.append({.kind = FrameKind::state, .partition = {}}, std::span(&part, 1)));
  };
  const Engine::Options stepped{.threads = false};
  int shortened = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SimulatedDisk disk(seed);
    {
      auto log = *Engine::open(disk, Workload::settings(), stepped);
      ASSERT_TRUE(log->start({}));
      append(*log, 'a');
      ASSERT_EQ(log->step_writer(), Writer::Step::flushed);
      for (const char letter : {'b', 'c', 'd', 'e', 'f', 'g'}) append(*log, letter);
      disk.cut_power_before(1);
      log->step_writer();
    }
    disk.power_on();
    auto log = *Engine::open(disk, Workload::settings(), stepped);
    auto expected = bodies(*log);
    shortened += expected.size() == 1;
    ASSERT_TRUE(log->start({}));
    append(*log, 'x');
    ASSERT_EQ(log->step_writer(), Writer::Step::flushed);
    disk.cut_power_before(0);
    log.reset();
    disk.power_on();
    expected.push_back(body_for_tearing('x'));
    EXPECT_EQ(bodies(**Engine::open(disk, Workload::settings(), stepped)), expected)
        << "seed " << seed;
  }
  EXPECT_GT(shortened, 50);
}

TEST(PowerCut, ACutDuringRecoveryLosesNothing) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    for (uint64_t cut = 0;; ++cut) {
      SimulatedDisk disk(seed);
      Workload workload(disk, seed);
      ASSERT_TRUE(workload.open());
      disk.cut_power_before(40 + seed * 3);
      workload.run(actions);
      workload.close();
      disk.power_on();
      disk.cut_power_before(cut);
      const auto first = workload.open();
      const bool was_cut = disk.power_was_cut();
      workload.close();
      disk.power_on();
      SCOPED_TRACE("seed " + std::to_string(seed) + ", cut before operation " +
                   std::to_string(cut) + " of recovery");
      const auto opened = workload.open();
      ASSERT_TRUE(opened) << opened.error().message;
      if (::testing::Test::HasFailure()) return;
      if (first && !was_cut) break;
    }
  }
}

}  // namespace
}  // namespace holdfast::log
