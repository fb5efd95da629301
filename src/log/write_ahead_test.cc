#include <atomic>
#include <future>
#include <gtest/gtest.h>
#include <thread>

#include "log/durable_for_tests.h"
#include "log/engine.h"
#include "testing/simulated_disk.h"

// What is written while the flush before it is synced (ADR 15).

namespace holdfast::log {
namespace {

using testing::SimulatedDisk;

const LogSettings settings{.folder = "/log", .segment_bytes = 1 << 20, .prepare_ahead = false};

void append_bytes(Log& log, int64_t offset, size_t bytes) {
  const std::string body(bytes, 'x');
  const ByteView part = as_bytes(body);
  const FrameKey key{.kind = FrameKind::batch,
                     .partition = {1},
                     .first_offset = offset,
                     .last_offset = offset,
                     .max_timestamp_ms = 0};
  ASSERT_TRUE(log.append(key, std::span(&part, 1)));
}

size_t readable(Log& log, int64_t from_offset) {
  return log.read({1}, from_offset, UINT64_MAX, true)->size();
}

void flush(Engine& log) {
  while (log.step_writer() == Writer::Step::flushed) {
  }
}

/// Ten frames of 20,000 bytes, two a batch, in a segment that is there.
std::unique_ptr<Engine> with_five_batches(os::Files& files, Log::Callbacks callbacks = {}) {
  auto log = *Engine::open(files, settings, {.threads = false, .flush_bytes_max = 48 << 10});
  EXPECT_TRUE(log->start(std::move(callbacks)));
  append_bytes(*log, 0, 5);
  flush(*log);
  for (int i = 1; i <= 10; ++i) append_bytes(*log, i, 20'000);
  return log;
}

TEST(LogWriteAhead, WhatIsWrittenDuringASyncIsNotDurableBeforeTheNext) {
  SimulatedDisk disk(1);
  auto log = with_five_batches(disk);
  const uint64_t writes = disk.writes(), syncs = disk.syncs();
  ASSERT_EQ(log->step_writer(), Writer::Step::flushed);
  EXPECT_EQ(disk.writes(), writes + 4) << "the last batch is small, and waits for its turn";
  EXPECT_EQ(disk.syncs(), syncs + 1);
  EXPECT_EQ(readable(*log, 1), 2u);
  ASSERT_EQ(log->step_writer(), Writer::Step::flushed);
  EXPECT_EQ(disk.writes(), writes + 5);
  EXPECT_EQ(disk.syncs(), syncs + 2);
  EXPECT_EQ(log->durable(), log->end());
  EXPECT_EQ(log->step_writer(), Writer::Step::idle);
  EXPECT_EQ(readable(*log, 0), 11u);
}

TEST(LogWriteAhead, AFailedWriteAheadIsFinalAndWhatWasSyncedStays) {
  SimulatedDisk disk(1);
  int failed = 0;
  auto log = with_five_batches(disk, {.durable = {},
                                      .stalled = {},
                                      .failed = [&](const Error&) { ++failed; },
                                      .segment_sealed = {}});
  disk.fail_operation(2, ErrorCode::io, false);
  EXPECT_EQ(log->step_writer(), Writer::Step::failed);
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(readable(*log, 1), 2u);
  const uint64_t operations = disk.operations();
  EXPECT_EQ(log->step_writer(), Writer::Step::failed);
  EXPECT_EQ(disk.operations(), operations) << "nothing is written after a failure";
}

TEST(LogWriteAhead, AFullDiskIsWaitedForAndWhatWasWrittenBeforeItIsSynced) {
  SimulatedDisk disk(1);
  auto log = with_five_batches(disk);
  disk.fail_operation(2, ErrorCode::disk_full, false);
  ASSERT_EQ(log->step_writer(), Writer::Step::flushed);
  EXPECT_EQ(readable(*log, 1), 2u);
  disk.fail_operation(0, ErrorCode::disk_full, false);
  ASSERT_EQ(log->step_writer(), Writer::Step::stalled);
  EXPECT_EQ(readable(*log, 1), 4u) << "it needed only its sync";
  flush(*log);
  EXPECT_EQ(log->durable(), log->end());
  log.reset();
  EXPECT_EQ(readable(**Engine::open(disk, settings, {.threads = false}), 0), 11u);
}

TEST(LogWriteAhead, TheHelperWritesWhileTheWriterSyncs) {
  SimulatedDisk disk(1);
  DurableWatch durable;
  std::atomic<bool> hold_sync = false;
  std::promise<void> syncing;
  uint64_t seen_during_sync = 0;
  disk.set_on_sync([&] {
    if (!hold_sync.exchange(false)) return;
    const uint64_t before = disk.writes();
    syncing.set_value();
    // Only the helper can write now: without it this would wait for ever.
    while (disk.writes() == before) std::this_thread::yield();
    seen_during_sync = disk.writes() - before;
  });
  auto log = *Engine::open(disk, settings, {});
  ASSERT_TRUE(log->start(
      {.durable = durable.callback(), .stalled = {}, .failed = {}, .segment_sealed = {}}));
  append_bytes(*log, 0, 5);  // makes the segment
  durable.wait_for_all_of(*log);
  hold_sync = true;
  append_bytes(*log, 1, 5);  // is synced meanwhile
  syncing.get_future().wait();
  append_bytes(*log, 2, 200'000);
  durable.wait_for_all_of(*log);
  EXPECT_GE(seen_during_sync, 1u);
  EXPECT_EQ(readable(*log, 0), 3u);
}

}  // namespace
}  // namespace holdfast::log
