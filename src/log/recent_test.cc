#include "log/recent.h"

#include <deque>
#include <gtest/gtest.h>
#include <random>
#include <thread>

#include "log/engine.h"
#include "testing/simulated_disk.h"
#include "testing/temporary_folder.h"

// What is read from memory and what from the disk, and that nobody can tell (ADR 17).

namespace holdfast::log {
namespace {

constexpr size_t page = 4096;

TEST(Recent, FindsWhatIsInItsNewestChunks) {
  Recent recent(3 * page, page);
  EXPECT_EQ(recent.begin(), Position{UINT64_MAX});
  for (uint64_t i = 0; i < 5; ++i) {
    const ChunkPtr chunk = recent.chunk(page);
    std::fill_n(chunk->data(), page, std::byte(i));
    recent.add({i * page}, {(i + 1) * page}, i * page, {chunk->data(), page});
  }
  EXPECT_EQ(recent.begin(), Position{2 * page});
  EXPECT_FALSE(recent.find({2 * page - 1}, 2 * page - 1));
  EXPECT_FALSE(recent.find({5 * page}, 5 * page));
  const auto found = recent.find({3 * page + 7}, 3 * page + 7);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bytes.size(), page - 7);
  EXPECT_EQ(found->bytes.front(), std::byte{3});
}

TEST(Recent, WhatIsHeldIsNotUsedAgainAndHasABound) {
  std::deque<PinnedBytes> held;
  {
    Recent recent(8 * page, page);
    uint64_t i = 0;
    for (bool found = true; found; ++i) {
      const ChunkPtr chunk = recent.chunk(i == 7 ? 3 * page : page);
      std::fill_n(chunk->data(), chunk->size(), std::byte(i));
      recent.add({i}, {i + 1}, i, {chunk->data(), chunk->size()});
      auto bytes = recent.find({i}, i);
      found = bytes.has_value();
      if (found) held.push_back(*std::move(bytes));
    }
    EXPECT_EQ(held.size(), 14u) << "which are 16 pages";
    EXPECT_EQ(recent.bytes_held(), 17 * page) << "and that of the last one";
    EXPECT_EQ(recent.begin(), Position{UINT64_MAX});
    held.pop_front();
    EXPECT_TRUE(recent.find({i - 1}, i - 1)) << "somebody has let go";
    EXPECT_EQ(recent.bytes_held(), 16 * page);
  }
  for (size_t i = 0; i < held.size(); ++i) {
    EXPECT_EQ(held[i].bytes.front(), std::byte(i + 1));
    EXPECT_EQ(held[i].bytes.back(), std::byte(i + 1));
  }
}

Position append_text(Log& log, int64_t offset, std::string_view text) {
  const ByteView part = as_bytes(text);
  const FrameKey key{.kind = FrameKind::batch,
                     .partition = {1},
                     .first_offset = offset,
                     .last_offset = offset,
                     .max_timestamp_ms = 0};
  return *log.append(key, std::span(&part, 1));
}

/// Frames of any size, gathered in chunks that some of them do not fit into.
class Written {
 public:
  Written(os::Files& files, const std::string& folder, uint64_t recent_bytes, size_t chunk_bytes) {
    log_ =
        *Engine::open(files,
                      {.folder = folder,
                       .segment_bytes = 1 << 20,
                       .recent_bytes_max = recent_bytes,
                       .prepare_ahead = false},
                      {.threads = false, .flush_bytes_max = 48 << 10, .chunk_bytes = chunk_bytes});
    EXPECT_TRUE(log_->start({}));
  }

  void append(size_t bytes) {
    const auto offset = static_cast<int64_t>(bodies_.size());
    bodies_.push_back(std::to_string(offset) +
                      std::string(bytes, static_cast<char>('a' + offset % 26)));
    append_text(*log_, offset, bodies_.back());
  }
  void flush() {
    while (log_->step_writer() == Writer::Step::flushed) durable_ = bodies_.size();
  }
  std::vector<Frame> read(size_t from, uint64_t bytes_max) {
    auto frames = log_->read({1}, static_cast<int64_t>(from), bytes_max, true);
    EXPECT_TRUE(frames) << frames.error().message;
    return frames ? std::move(*frames) : std::vector<Frame>();
  }
  void check(const Frame& frame) const {
    EXPECT_EQ(as_text(frame.body), bodies_[static_cast<size_t>(frame.key.first_offset)]);
  }
  size_t durable() const { return durable_; }

 private:
  std::unique_ptr<Engine> log_;
  std::vector<std::string> bodies_;
  size_t durable_ = 0;
};

TEST(Recent, WhoReadsAtTheEndDoesNotTouchTheDisk) {
  testing::SimulatedDisk disk(1);
  Written log(disk, "/log", 96 << 10, 32 << 10);
  for (int i = 0; i < 10; ++i) log.append(1000);
  log.flush();
  disk.count_reads(true);
  uint64_t before = disk.operations();
  EXPECT_EQ(log.read(0, UINT64_MAX).size(), 10u);
  EXPECT_EQ(disk.operations(), before);
  for (int i = 0; i < 10; ++i) log.append(20'000);
  log.flush();
  before = disk.operations();
  EXPECT_EQ(log.read(19, UINT64_MAX).size(), 1u);
  EXPECT_EQ(disk.operations(), before);
  EXPECT_EQ(log.read(0, UINT64_MAX).size(), 20u);
  EXPECT_GT(disk.operations(), before) << "the first ones had to go";
}

TEST(Recent, MemoryAndDiskGiveTheSameFrames) {
  testing::SimulatedDisk disk(1);
  Written log(disk, "/log", 96 << 10, 32 << 10);
  std::mt19937_64 random(17);
  std::deque<Frame> held;
  for (int round = 0; round < 400; ++round) {
    for (uint64_t left = random() % 8; left > 0; --left)
      log.append(random() % 20 == 0 ? 40'000 : random() % 3000);
    log.flush();
    if (log.durable() == 0) continue;
    const size_t near_end = log.durable() - 1 - random() % std::min<size_t>(log.durable(), 10);
    for (const size_t from : {near_end, random() % log.durable()}) {
      for (Frame& frame : log.read(from, 100'000)) {
        log.check(frame);
        if (random() % 64 == 0) held.push_back(std::move(frame));
      }
    }
    for (const Frame& frame : held) log.check(frame);
    while (held.size() > 5) held.pop_front();
  }
}

/// The page that the log ends in is written anew with each flush, past the page cache, while
/// readers have it mapped.
TEST(Recent, AMappedPageShowsWhatWasWrittenPastTheCache) {
  testing::TemporaryFolder folder;
  Written log(os::real_files(), folder.path() + "/log", 0, page);
  for (size_t i = 0; i < 2000; ++i) {
    log.append(i % 100);
    log.flush();
    if (i < 2) continue;
    const auto frames = log.read(i - 2, 1);
    ASSERT_EQ(frames.size(), 1u);
    log.check(frames.front());
  }
}

TEST(Recent, WhoReadsThatPageDuringTheWriteSeesItToo) {
  testing::TemporaryFolder folder;
  const LogSettings settings{
      .folder = folder.path() + "/log", .segment_bytes = 1 << 20, .recent_bytes_max = 0};
  auto log = *Engine::open(os::real_files(), settings, {.chunk_bytes = page});
  ASSERT_TRUE(log->start({}));
  std::deque<Position> ends;  // of those that were not read back yet
  for (int64_t next = 0, read_back = 0; read_back < 3000;) {
    if (ends.size() < 20) {
      ends.push_back(append_text(*log, next, std::to_string(next)));
      ++next;
    }
    for (; !ends.empty() && ends.front() <= log->durable(); ends.pop_front()) {
      const auto frames = log->read({1}, read_back, 1, true);
      ASSERT_TRUE(frames) << frames.error().message;
      ASSERT_EQ(as_text(frames->front().body), std::to_string(read_back++));
    }
    std::this_thread::yield();
  }
}

}  // namespace
}  // namespace holdfast::log
