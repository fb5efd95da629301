#include <gtest/gtest.h>

#include "log/workload_for_tests.h"
#include "testing/simulated_disk.h"

namespace holdfast::log {
namespace {

using testing::SimulatedDisk;

constexpr int actions = 200;

uint64_t operations_of(uint64_t seed) {
  SimulatedDisk disk(seed);
  disk.count_reads(true);
  Workload workload(disk, seed);
  EXPECT_TRUE(workload.open());
  workload.run(actions);
  workload.close();
  return disk.operations();
}

/// One life in which the n-th operation fails; then a restart with or without a power cut between,
/// a second life, and a power cut. `Workload::open` compares whole contents each time.
void fail_once(uint64_t seed, uint64_t n, ErrorCode code, bool from_then_on, bool power_cut_after) {
  SimulatedDisk disk(seed * 1000 + n);
  disk.count_reads(true);
  Workload workload(disk, seed);
  disk.fail_operation(n, code, from_then_on);
  if (workload.open()) workload.run(actions);
  workload.close();
  ASSERT_TRUE(disk.operation_failed());
  SCOPED_TRACE("seed " + std::to_string(seed) + ", failed operation " + std::to_string(n) + ": " +
               disk.operation_name(n));
  disk.count_reads(false);
  if (power_cut_after) {
    disk.power_on();
  } else {
    disk.restart_process();
  }
  const auto opened = workload.open();
  ASSERT_TRUE(opened) << opened.error().message;
  // What was read back counts as durable now, also when it had only been in the page cache: a power
  // cut must not take it away.
  workload.run(20);
  workload.close();
  disk.power_on();
  const auto again = workload.open();
  ASSERT_TRUE(again) << again.error().message;
}

TEST(IoFailure, NoFailureAtAnyOperationLosesWhatWasAcknowledged) {
  for (const uint64_t seed : {4u}) {
    const uint64_t operations = operations_of(seed);
    for (uint64_t n = 0; n < operations; ++n) {
      for (const bool power_cut_after : {false, true}) {
        fail_once(seed, n, ErrorCode::io, false, power_cut_after);
        fail_once(seed, n, ErrorCode::io, true, power_cut_after);
        fail_once(seed, n, ErrorCode::disk_full, false, power_cut_after);
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
}

class FailedSync : public ::testing::TestWithParam<ErrorCode> {};

TEST_P(FailedSync, IsFinal) {
  SimulatedDisk disk(5);
  Workload workload(disk, 5);
  ASSERT_TRUE(workload.open());
  workload.append_one();
  workload.flush();
  const Position acknowledged = workload.acknowledged();
  workload.append_one();
  disk.fail_operation(1, GetParam(), false);  // the write goes well, its sync does not
  EXPECT_EQ(workload.log().step_writer(), Writer::Step::failed);
  EXPECT_TRUE(disk.operation_failed());
  const uint64_t operations = disk.operations();
  EXPECT_EQ(workload.log().step_writer(), Writer::Step::failed);
  const ByteView body = as_bytes("more");
  const auto refused = workload.log().append({}, std::span(&body, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::read_only);
  EXPECT_EQ(workload.log().durable(), acknowledged);
  workload.close();
  EXPECT_EQ(disk.operations(), operations)
      << "something was written or synced after the failed sync";
}

/// Some file systems report a full disk only at the sync: it is just as final.
INSTANTIATE_TEST_SUITE_P(WhateverTheReason, FailedSync,
                         ::testing::Values(ErrorCode::io, ErrorCode::disk_full));

}  // namespace
}  // namespace holdfast::log
