#include <gtest/gtest.h>

#include "log/cleaning_for_tests.h"
#include "testing/simulated_disk.h"

namespace holdfast::log {
namespace {

using testing::SimulatedDisk;

constexpr int actions = 250;
constexpr uint64_t seed = 3;

uint64_t operations_of() {
  SimulatedDisk disk(seed);
  CleaningWorkload workload(disk, seed);
  EXPECT_TRUE(workload.open());
  workload.run(actions);
  workload.close();
  return disk.operations();
}

/// After whatever happened: old or new, whole; and the log goes on, and a power cut takes nothing.
void check_and_go_on(SimulatedDisk& disk, CleaningWorkload& workload) {
  const auto opened = workload.open();
  ASSERT_TRUE(opened) << opened.error().message;
  workload.run(30);
  workload.flush();
  workload.compare(false);
  workload.come_to_rest();
  workload.compare(false);
  workload.close();
  disk.power_on();
  const auto again = workload.open();
  ASSERT_TRUE(again) << again.error().message;
}

TEST(CleaningCrash, APowerCutAtAnyOperationLeavesOldOrNew) {
  const uint64_t operations = operations_of();
  for (uint64_t n = 0; n < operations; ++n) {
    SCOPED_TRACE("power cut before operation " + std::to_string(n));
    SimulatedDisk disk(seed * 1000 + n);
    CleaningWorkload workload(disk, seed);
    disk.cut_power_before(n);
    if (workload.open()) workload.run(actions);
    workload.close();
    ASSERT_TRUE(disk.power_was_cut());
    disk.power_on();
    check_and_go_on(disk, workload);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(CleaningCrash, AFailureOfAnyOperationLeavesOldOrNew) {
  const uint64_t operations = operations_of();
  for (uint64_t n = 0; n < operations; ++n) {
    const ErrorCode code = n % 3 == 0 ? ErrorCode::disk_full : ErrorCode::io;
    SCOPED_TRACE("failed operation " + std::to_string(n));
    SimulatedDisk disk(seed * 1000 + n);
    CleaningWorkload workload(disk, seed);
    disk.fail_operation(n, code, n % 2 == 0);
    if (workload.open()) workload.run(actions);
    workload.close();
    ASSERT_TRUE(disk.operation_failed());
    disk.restart_process();
    check_and_go_on(disk, workload);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace holdfast::log
