#include "log/log.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>

#include "log/engine.h"
#include "testing/simulated_disk.h"
#include "testing/temporary_folder.h"

namespace holdfast::log {
namespace {

using testing::SimulatedDisk;

FrameKey batch(uint32_t partition, int64_t offset, int64_t timestamp = 0) {
  return {.kind = FrameKind::batch,
          .partition = {partition},
          .first_offset = offset,
          .last_offset = offset,
          .max_timestamp_ms = timestamp};
}

Result<Position> append_text(Log& log, const FrameKey& key, std::string_view text) {
  const ByteView part = as_bytes(text);
  return log.append(key, std::span(&part, 1));
}

std::vector<std::string> texts(const std::vector<Frame>& frames) {
  std::vector<std::string> found;
  for (const Frame& frame : frames) found.emplace_back(as_text(frame.body));
  return found;
}

std::vector<std::string> replayed(Log& log, Position from = {}) {
  std::vector<std::string> found;
  const auto done = log.replay(from, [&](const Frame& frame) -> Status {
    found.emplace_back(as_text(frame.body));
    return {};
  });
  EXPECT_TRUE(done) << done.error().message;
  return found;
}

void flush(Engine& log) {
  while (log.step_writer() == Writer::Step::flushed) {
  }
}

std::unique_ptr<Engine> open_stepped(os::Files& files, LogSettings settings = {.folder = "/log", .segment_bytes = 1 << 20}) {
  auto log = Engine::open(files, settings, {.threads = false});
  EXPECT_TRUE(log) << log.error().message;
  return log ? std::move(*log) : nullptr;
}

TEST(Log, KeepsFramesInOrderOverARestart) {
  testing::TemporaryFolder folder;
  const LogSettings settings{.folder = folder.path() + "/log", .segment_bytes = 1 << 20};
  std::vector<std::string> written;
  {
    auto log = *Log::open(os::real_files(), settings);
    std::mutex mutex;
    std::condition_variable changed;
    Position durable;
    ASSERT_TRUE(log->start({.durable =
                                [&](Position upto) {
                                  const std::lock_guard lock(mutex);
                                  durable = upto;
                                  changed.notify_all();
                                },
                            .stalled = {},
                            .failed = {},
                            .segment_sealed = {}}));
    for (int i = 0; i < 3000; ++i) {
      written.push_back(std::to_string(i) + std::string(1000, 'x'));
      ASSERT_TRUE(append_text(*log, batch(static_cast<uint32_t>(i % 7), i), written.back()));
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return durable == log->end(); });
    EXPECT_EQ(replayed(*log), written);
  }
  auto log = *Log::open(os::real_files(), settings);
  EXPECT_EQ(replayed(*log), written);
  EXPECT_EQ(log->durable(), log->end());
  const auto frames = *log->read({3}, 10, 1 << 20, true);
  ASSERT_EQ(frames.size(), 428u);
  EXPECT_EQ(frames[0].body.size(), 1002u);
  EXPECT_EQ(as_text(frames[0].body).substr(0, 3), "10x");
}

TEST(Log, FlushesEverythingThatQueuedWithOneSync) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  ASSERT_TRUE(append_text(*log, batch(1, 0), "first"));
  flush(*log);
  const uint64_t syncs = disk.syncs();
  const uint64_t writes = disk.writes();
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(append_text(*log, batch(1, i), "more"));
  EXPECT_EQ(texts(*log->read({1}, 0, 1000, true)), std::vector<std::string>{"first"});
  flush(*log);
  EXPECT_EQ(disk.syncs(), syncs + 1);
  EXPECT_EQ(disk.writes(), writes + 1);
  EXPECT_EQ(log->read({1}, 0, 1000, true)->size(), 101u);
}

}  // namespace
}  // namespace holdfast::log
