#include "log/cleaner.h"

#include <gtest/gtest.h>

#include "log/cleaning_for_tests.h"
#include "testing/simulated_disk.h"

namespace holdfast::log {
namespace {

using testing::SimulatedDisk;

TEST(Cleaner, WhatIsReadStaysTheSameWhateverItDoes) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SimulatedDisk disk(seed);
    CleaningWorkload workload(disk, seed);
    ASSERT_TRUE(workload.open());
    for (int round = 0; round < 4; ++round) {
      workload.run(300);
      workload.flush();
      workload.compare(false);
      if (round == 1) workload.come_to_rest();
      workload.compare(false);
      workload.close();
      ASSERT_TRUE(workload.open());
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Cleaner, SettledSegmentsHoldEachPartitionTogetherAndTheSpaceOfTheRestComesBack) {
  SimulatedDisk disk(1);
  CleaningWorkload workload(disk, 1);
  ASSERT_TRUE(workload.open());
  for (int i = 0; i < 200; ++i) workload.append({static_cast<uint32_t>(1 + i % 2)});
  workload.flush();
  const uint64_t before = workload.log().bytes_used();
  workload.come_to_rest();
  workload.compare(false);
  uint64_t jumps = 0;
  const auto frames = workload.log().read({1}, 0, UINT64_MAX, true);
  for (size_t i = 1; i < frames->size(); ++i)
    jumps += (*frames)[i].begin == (*frames)[i - 1].end ? 0 : 1;
  EXPECT_LE(jumps, frames->size() / 4) << "every second frame was of the other partition";
  EXPECT_LE(workload.log().bytes_used(), before + (1 << 20));
}

TEST(Cleaner, OnlyTheNewestOfEachKeyIsLeftAndTombstonesGoInTime) {
  SimulatedDisk disk(2);
  CleaningWorkload workload(disk, 2);
  ASSERT_TRUE(workload.open());
  for (int i = 0; i < 300; ++i) workload.append(CleaningWorkload::compacted);
  workload.flush();
  workload.log().seal();
  workload.flush();
  const size_t before = workload.read(CleaningWorkload::compacted).size();
  workload.come_to_rest();
  workload.compare(false);
  const auto left = workload.read(CleaningWorkload::compacted);
  EXPECT_GT(before, 400u);
  EXPECT_LE(left.size(), 8u);
  for (int i = 0; i < 60; ++i) workload.come_to_rest();  // the tombstones' time passes
  const auto later = workload.read(CleaningWorkload::compacted);
  for (const auto& record : later) EXPECT_TRUE(record.value) << record.key;
  workload.close();
  ASSERT_TRUE(workload.open());
  EXPECT_TRUE(workload.read(CleaningWorkload::compacted) == later);
}

/// Something to compact, all of it durable and sealed.
void fill(CleaningWorkload& workload) {
  for (int i = 0; i < 100; ++i) workload.append(CleaningWorkload::compacted);
  workload.flush();
  workload.log().seal();
  workload.flush();
}

TEST(Cleaner, OnAFullDiskItIsTriedAgainNowAndThenAndNotAllTheTime) {
  SimulatedDisk disk(1);
  CleaningWorkload workload(disk, 1);
  ASSERT_TRUE(workload.open());
  fill(workload);
  workload.log().write_checkpoint(workload.log().durable(), {});
  while (workload.log().step_housekeeper()) {
  }
  disk.set_space(disk.bytes_used());
  workload.log().clean(workload);
  ASSERT_TRUE(workload.log().step_cleaner());
  while (workload.log().step_cleaner()) {
  }
  const CleaningNeeds needs = workload.log().clean(workload);
  EXPECT_FALSE(workload.log().step_cleaner());
  EXPECT_EQ(needs.next_ms, workload.now_ms() + 10'000);
  disk.set_space(UINT64_MAX);
  workload.pass_time(10'000);
  workload.come_to_rest();
  EXPECT_LE(workload.read(CleaningWorkload::compacted).size(), 8u);
  workload.compare(false);
}

/// Without the cleaner, and so without a manifest.
void drop_the_first_segment(CleaningWorkload& workload) {
  for (int i = 0; i < 40; ++i) workload.append({1});
  workload.flush();
  workload.release({1}, 40);
  workload.log().seal();
  workload.flush();
  workload.come_to_rest();
  EXPECT_EQ(workload.log().cleaner_numbers().jobs, CleanerNumbers{}.jobs);
}

/// Which operations of the cleaner's can fail, one by one; afterwards nothing does. Answers how
/// many times it was in doubt.
int fail_each_once(ErrorCode code,
                   const std::function<void(SimulatedDisk&, CleaningWorkload&)>& then) {
  int doubts = 0;
  for (uint64_t n = 0;; ++n) {
    SimulatedDisk disk(1);
    CleaningWorkload workload(disk, 1);
    EXPECT_TRUE(workload.open());
    drop_the_first_segment(workload);
    fill(workload);
    disk.fail_operation(n, code, false);
    const uint64_t operation = disk.operations() + n;
    workload.come_to_rest();
    if (!disk.operation_failed()) return doubts;
    SCOPED_TRACE(disk.operation_name(operation));
    doubts += workload.log().cleaner_numbers().in_doubt ? 1 : 0;
    then(disk, workload);
    if (::testing::Test::HasFailure()) return doubts;
  }
}

TEST(Cleaner, NoSingleFailureEndsItForGood) {
  for (const ErrorCode code : {ErrorCode::disk_full, ErrorCode::io}) {
    const int doubts = fail_each_once(code, [](SimulatedDisk&, CleaningWorkload& workload) {
      workload.pass_time(10'000);
      workload.come_to_rest();
      EXPECT_FALSE(workload.log().cleaner_numbers().in_doubt);
      EXPECT_LE(workload.read(CleaningWorkload::compacted).size(), 8u);
      workload.compare(false);
    });
    EXPECT_GE(doubts, 2) << "the renaming and the syncing of the manifest";
  }
}

TEST(Cleaner, InDoubtEitherManifestMayCountAfterAPowerCutAndTheLogGoesOnMeanwhile) {
  for (const bool goes_on : {false, true}) {
    const int doubts =
        fail_each_once(ErrorCode::io, [&](SimulatedDisk& disk, CleaningWorkload& workload) {
          for (int i = 0; i < 20; ++i) workload.append({1});
          workload.flush();
          workload.release({1}, 50);
          workload.flush();
          if (goes_on) {
            workload.pass_time(10'000);
            workload.come_to_rest();
          }
          workload.close();
          disk.power_on();
          ASSERT_TRUE(workload.open());  // and compares
          workload.come_to_rest();
          workload.compare(false);
        });
    EXPECT_GE(doubts, 2);
  }
}

TEST(Cleaner, WhatItDidIsCounted) {
  SimulatedDisk disk(1);
  CleaningWorkload workload(disk, 1);
  ASSERT_TRUE(workload.open());
  fill(workload);
  workload.come_to_rest();
  const CleanerNumbers numbers = workload.log().cleaner_numbers();
  EXPECT_GE(numbers.jobs[static_cast<size_t>(CleanWork::compact)], 1u);
  EXPECT_GT(numbers.read_bytes, numbers.written_bytes);
  EXPECT_GT(numbers.recopied, 0);
  EXPECT_LT(numbers.recopied, 0.5);
  EXPECT_GE(numbers.last_compaction_ms, 0);
  EXPECT_EQ(numbers.uncleanable_partitions, 0u);
  EXPECT_EQ(numbers.jobs_given_up, 0u);
}

TEST(Cleaner, AReaderKeepsWhatItHoldsWhileTheFilesGo) {
  SimulatedDisk disk(1);
  CleaningWorkload workload(disk, 1);
  ASSERT_TRUE(workload.open());
  for (int i = 0; i < 100; ++i) workload.append({1});
  workload.flush();
  const auto frames = *workload.log().read({1}, 0, UINT64_MAX, true);
  std::vector<ByteBuffer> bodies;
  for (const Frame& frame : frames) bodies.emplace_back(frame.body.begin(), frame.body.end());
  workload.log().release({1}, INT64_MAX);
  for (int i = 0; i < 100; ++i) workload.append({2});
  workload.flush();
  workload.come_to_rest();
  for (size_t i = 0; i < frames.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(frames[i].body, bodies[i])) << i;
}

}  // namespace
}  // namespace holdfast::log
