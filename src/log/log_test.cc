#include "log/log.h"

#include <algorithm>
#include <future>
#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "log/durable_for_tests.h"
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

std::unique_ptr<Engine> open_stepped(os::Files& files,
                                     LogSettings settings = {.folder = "/log",
                                                             .segment_bytes = 1 << 20}) {
  auto log = Engine::open(files, settings, {.threads = false});
  EXPECT_TRUE(log) << log.error().message;
  return log ? std::move(*log) : nullptr;
}

TEST(Log, KeepsFramesInOrderOverARestart) {
  testing::TemporaryFolder folder;
  const LogSettings settings{.folder = folder.path() + "/log", .segment_bytes = 1 << 20};
  std::vector<std::string> written;
  {
    DurableWatch durable;
    auto log = *Log::open(os::real_files(), settings);
    ASSERT_TRUE(log->start(
        {.durable = durable.callback(), .stalled = {}, .failed = {}, .segment_sealed = {}}));
    for (int i = 0; i < 3000; ++i) {
      written.push_back(std::to_string(i) + std::string(1000, 'x'));
      ASSERT_TRUE(append_text(*log, batch(static_cast<uint32_t>(i % 7), i), written.back()));
    }
    durable.wait_for_all_of(*log);
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

std::string body_of_bytes(size_t bytes, char letter) {
  return std::string(bytes, letter);
}

/// Appends 100 KB frames of partition 1, offsets from `first`, and makes them durable.
void append_large(Engine& log, int64_t first, int count) {
  for (int i = 0; i < count; ++i) {
    const int64_t offset = first + i;
    ASSERT_TRUE(append_text(log, batch(1, offset, offset * 10),
                            body_of_bytes(100'000, static_cast<char>('a' + offset % 26))));
    flush(log);
    while (log.step_housekeeper()) {
    }
  }
}

TEST(LogRead, StopsAtTheByteLimitButGivesAtLeastOneWhenAsked) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(append_text(*log, batch(1, i), body_of_bytes(100, static_cast<char>('a' + i))));
  flush(*log);
  EXPECT_EQ(log->read({1}, 0, 299, true)->size(), 2u);
  EXPECT_EQ(log->read({1}, 0, 300, true)->size(), 3u);
  EXPECT_EQ(log->read({1}, 3, 10, true)->size(), 1u);
  EXPECT_EQ(log->read({1}, 3, 10, false)->size(), 0u);
  EXPECT_EQ(log->read({1}, 5, 1000, true)->size(), 0u);
  EXPECT_EQ(log->read({2}, 0, 1000, true)->size(), 0u);
}

TEST(LogRead, FindsTheBatchThatHoldsAnOffsetInItsMiddle) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  for (const auto& [first, last] : {std::pair(0, 9), std::pair(10, 10), std::pair(15, 30)}) {
    FrameKey key = batch(1, first);
    key.last_offset = last;
    ASSERT_TRUE(append_text(*log, key, std::to_string(first)));
  }
  flush(*log);
  const auto first_at = [&](int64_t offset) {
    return texts(*log->read({1}, offset, 1, true)).at(0);
  };
  EXPECT_EQ(first_at(9), "0");
  EXPECT_EQ(first_at(10), "10");
  EXPECT_EQ(first_at(11), "15");
  EXPECT_EQ(first_at(30), "15");
}

TEST(LogRead, GoesThroughSealedSegmentsAndTheActiveOneInOrder) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  append_large(*log, 0, 45);
  ASSERT_TRUE(append_text(*log, batch(2, 7), "of another partition"));
  flush(*log);
  for (int64_t from = 0; from < 45; ++from) {
    const auto frames = *log->read({1}, from, UINT64_MAX, false);
    ASSERT_EQ(frames.size(), static_cast<size_t>(45 - from));
    for (size_t i = 0; i < frames.size(); ++i) {
      EXPECT_EQ(frames[i].key.first_offset, from + static_cast<int64_t>(i));
      EXPECT_EQ(frames[i].body[99'999],
                std::byte(static_cast<unsigned char>('a' + frames[i].key.first_offset % 26)));
    }
  }
  EXPECT_EQ(texts(*log->read({2}, 0, 1, true)), std::vector<std::string>{"of another partition"});
}

TEST(LogRead, GoesOnInTheSegmentWhereTheDurableFramesEndedThoughTheNextIsBegunAlready) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  append_large(*log, 0, 1);
  for (int64_t offset = 1; offset <= 15; ++offset)  // they begin the second segment, all undurable
    ASSERT_TRUE(append_text(*log, batch(1, offset), body_of_bytes(100'000, 'x')));
  EXPECT_EQ(log->read({1}, 0, UINT64_MAX, true)->size(), 1u);
  flush(*log);
  const auto frames = *log->read({1}, 1, UINT64_MAX, true);
  ASSERT_EQ(frames.size(), 15u);
  EXPECT_EQ(frames.front().key.first_offset, 1);
}

TEST(LogRead, FindsTimesAcrossSegments) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  append_large(*log, 0, 25);  // max timestamps 0, 10, 20 ...
  const auto offset_of = [](const Result<std::optional<Frame>>& found) {
    return (*found)->key.first_offset;
  };
  EXPECT_EQ(offset_of(log->find_time({1}, 0, -5)), 0);
  EXPECT_EQ(offset_of(log->find_time({1}, 0, 101)), 11);
  EXPECT_EQ(offset_of(log->find_time({1}, 15, 101)), 15);
  EXPECT_EQ(offset_of(log->find_time({1}, 0, 240)), 24);
  EXPECT_FALSE(*log->find_time({1}, 0, 241));
  EXPECT_FALSE(*log->find_time({9}, 0, 0));
  EXPECT_EQ(offset_of(log->find_max_timestamp({1}, 0)), 24);
  ASSERT_TRUE(append_text(*log, batch(1, 25, 9999), "newest by time"));
  ASSERT_TRUE(append_text(*log, batch(1, 26, 9999), "as new, but later"));
  EXPECT_EQ(offset_of(log->find_max_timestamp({1}, 0)), 24) << "not durable, so not found";
  EXPECT_FALSE(*log->find_time({1}, 0, 241));
  flush(*log);
  EXPECT_EQ(offset_of(log->find_max_timestamp({1}, 0)), 25);
  EXPECT_EQ(offset_of(log->find_max_timestamp({1}, 26)), 26);
  EXPECT_FALSE(*log->find_max_timestamp({9}, 0));
}

TEST(LogRead, KeepsTenThousandPartitionsApart) {
  SimulatedDisk disk(1);
  const LogSettings settings{.folder = "/log", .segment_bytes = 1 << 20};
  {
    auto log = open_stepped(disk, settings);
    ASSERT_TRUE(log->start({}));
    for (int64_t round = 0; round < 3; ++round) {
      for (uint32_t partition = 0; partition < 10'000; ++partition) {
        ASSERT_TRUE(append_text(*log, batch(partition, round),
                                std::to_string(partition) + "/" + std::to_string(round)));
      }
      flush(*log);
      while (log->step_housekeeper()) {
      }
    }
  }
  auto log = open_stepped(disk, settings);
  for (uint32_t partition = 0; partition < 10'000; partition += 97) {
    const std::string p = std::to_string(partition);
    EXPECT_EQ(texts(*log->read({partition}, 0, 1000, true)),
              (std::vector<std::string>{p + "/0", p + "/1", p + "/2"}));
    EXPECT_EQ(texts(*log->read({partition}, 2, 1000, true)), std::vector<std::string>{p + "/2"});
  }
}

TEST(LogAppend, TakesBodiesOfManyPartsAndRefusesWhatNoSegmentHolds) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  const uint64_t largest = format::frames_max_bytes(1 << 20) - format::frame_header_bytes;
  const std::string body = body_of_bytes(largest, 'l');
  const ByteView all = as_bytes(body);
  const ByteView parts[] = {all.first(1), ByteView(), all.subspan(1, 70'000), all.subspan(70'001)};
  ASSERT_TRUE(log->append(batch(1, 0), parts));
  ASSERT_TRUE(append_text(*log, batch(1, 1), ""));
  const auto refused = append_text(*log, batch(1, 2), body + "x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  flush(*log);
  EXPECT_EQ(texts(*log->read({1}, 0, UINT64_MAX, true)), (std::vector<std::string>{body, ""}));
}

TEST(LogAppend, PutsAFrameLargerThanTheSmallFirstSegmentIntoAFullOne) {
  testing::TemporaryFolder folder;
  auto log = open_stepped(os::real_files(), {.folder = folder.path(), .segment_bytes = 32 << 20});
  ASSERT_TRUE(log->start({}));
  const std::string body = body_of_bytes(9 << 20, 'l');
  ASSERT_TRUE(append_text(*log, batch(1, 0), body));
  flush(*log);
  EXPECT_EQ(texts(*log->read({1}, 0, UINT64_MAX, true)), std::vector<std::string>{body});
}

TEST(LogAppend, AnswersLimitWhenTooMuchIsPendingAndGoesOnAfterAFlush) {
  SimulatedDisk disk(1);
  auto log =
      open_stepped(disk, {.folder = "/log", .segment_bytes = 1 << 20, .pending_bytes_max = 10'000});
  ASSERT_TRUE(log->start({}));
  int appended = 0;
  auto last = append_text(*log, batch(1, 0), body_of_bytes(1000, 'x'));
  for (; last; last = append_text(*log, batch(1, appended), body_of_bytes(1000, 'x'))) ++appended;
  EXPECT_EQ(last.error().code, ErrorCode::limit);
  EXPECT_EQ(appended, 9);
  flush(*log);
  EXPECT_TRUE(append_text(*log, batch(1, appended), "more"));
}

TEST(LogAppend, AnswersLimitWhenTheLogIsFullAndGoesOnAfterATrim) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk, {.folder = "/log", .segment_bytes = 1 << 20, .bytes_max = 3 << 20});
  ASSERT_TRUE(log->start({}));
  append_large(*log, 0, 30);
  EXPECT_EQ(log->bytes_used(), 3u << 20);
  const auto refused = append_text(*log, batch(1, 30), body_of_bytes(100'000, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::limit);
  log->write_checkpoint(log->durable(), {});
  ASSERT_TRUE(log->wait_for_checkpoint());
  log->trim(log->durable());
  EXPECT_EQ(log->bytes_used(), 1u << 20);
  EXPECT_TRUE(append_text(*log, batch(1, 30), body_of_bytes(100'000, 'x')));
  flush(*log);
  EXPECT_EQ(log->read({1}, 0, 1, true)->at(0).key.first_offset, 20) << "the first frame kept";
}

TEST(LogTrim, GivesUpNothingThatNoCheckpointCovers) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  append_large(*log, 0, 25);
  log->trim(log->durable());
  EXPECT_EQ(log->begin(), Position{});
  log->write_checkpoint(log->read({1}, 12, 1, true)->at(0).begin, {});
  ASSERT_TRUE(log->wait_for_checkpoint());
  log->trim(log->durable());
  EXPECT_EQ(log->read({1}, 0, 1, true)->at(0).key.first_offset, 10);
}

TEST(LogTrim, RecyclesFilesAndTheirStaleFramesNeverComeBack) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  append_large(*log, 0, 25);
  log->write_checkpoint(log->durable(), {});
  ASSERT_TRUE(log->wait_for_checkpoint());
  log->trim(log->durable());
  while (log->step_housekeeper()) {
  }
  const auto spares = [&] {
    const auto names = *disk.list("/log");
    return std::ranges::count_if(
        names, [](const std::string& name) { return name.starts_with("spare-"); });
  };
  EXPECT_GE(spares(), 1);
  append_large(*log, 25, 16);  // into files full of frames of an earlier life
  const auto before = replayed(*log);
  log.reset();
  log = open_stepped(disk);
  EXPECT_EQ(replayed(*log), before);
  EXPECT_EQ(log->read({1}, 0, UINT64_MAX, true)->back().key.first_offset, 40);
}

TEST(LogTrim, FramesThatAReaderHoldsStayReadable) {
  testing::TemporaryFolder folder;
  const LogSettings settings{.folder = folder.path(), .segment_bytes = 1 << 20};
  auto log = open_stepped(os::real_files(), settings);
  ASSERT_TRUE(log->start({}));
  append_large(*log, 0, 55);
  log.reset();  // so that what is read is not in memory
  log = open_stepped(os::real_files(), settings);
  ASSERT_TRUE(log->start({}));
  std::vector<Frame> held;
  for (int64_t offset = 0; offset < 40; offset += 10)
    held.push_back(log->read({1}, offset, 1, true)->at(0));
  log->write_checkpoint(log->durable(), {});
  ASSERT_TRUE(log->wait_for_checkpoint());
  log->trim(log->durable());
  append_large(*log, 55, 40);
  while (log->step_housekeeper()) {
  }
  for (const Frame& frame : held) {
    const auto letter = static_cast<char>('a' + frame.key.first_offset % 26);
    EXPECT_TRUE(as_text(frame.body) == body_of_bytes(100'000, letter));
  }
}

TEST(LogOpen, NamesTheHolderOfALockedFolder) {
  testing::TemporaryFolder folder;
  const LogSettings settings{.folder = folder.path() + "/log"};
  auto held = Log::open(os::real_files(), settings);
  ASSERT_TRUE(held);
  const auto second = Log::open(os::real_files(), settings);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::locked);
}

TEST(LogOpen, RefusesAnotherFormatVersion) {
  SimulatedDisk disk(1);
  {
    auto log = open_stepped(disk);
    ASSERT_TRUE(log->start({}));
    append_large(*log, 0, 2);
  }
  auto meta = *os::read_file(disk, "/log/log.meta", 4096);
  store_le<uint32_t>(meta.data() + 12, format::version + 1);
  store_le<uint32_t>(meta.data() + 8, crc32c(ByteView(meta).subspan(12)));
  ASSERT_TRUE(os::replace_file(disk, "/log/log.meta", meta));
  const auto log =
      Engine::open(disk, {.folder = "/log", .segment_bytes = 1 << 20}, {.threads = false});
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::version_unknown);
  EXPECT_EQ(verify(disk, "/log").error().code, ErrorCode::version_unknown);
}

TEST(LogOpen, RefusesImpossibleSettings) {
  SimulatedDisk disk(1);
  for (const LogSettings& settings : {LogSettings{.folder = "/log", .segment_bytes = 1000},
                                      LogSettings{.folder = "/log", .segment_bytes = 0},
                                      LogSettings{.folder = "/log", .bytes_max = 1 << 20}}) {
    const auto log = Log::open(disk, settings);
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, ErrorCode::invalid);
  }
}

TEST(LogOpen, WritesNothingIntoAnEmptyFolderBeforeStart) {
  SimulatedDisk disk(1);
  const auto log = open_stepped(disk);
  EXPECT_EQ(disk.operations(), 0u);
  EXPECT_EQ(log->end(), Position{});
  EXPECT_TRUE(log->checkpoint().empty());
}

TEST(LogCheckpoint, GivesTheOwnersBytesBackAndThePositionTheyCover) {
  SimulatedDisk disk(1);
  Position upto;
  {
    auto log = open_stepped(disk);
    ASSERT_TRUE(log->start({}));
    append_large(*log, 0, 3);
    upto = log->durable();
    log->write_checkpoint(upto, ByteBuffer(5000, std::byte{7}));
    ASSERT_TRUE(log->wait_for_checkpoint());
    ASSERT_TRUE(
        append_text(*log, {.kind = FrameKind::state, .partition = {4}}, "after the checkpoint"));
  }
  auto log = open_stepped(disk);
  EXPECT_EQ(log->checkpoint_position(), upto);
  EXPECT_TRUE(std::ranges::equal(log->checkpoint(), ByteBuffer(5000, std::byte{7})));
  EXPECT_EQ(replayed(*log, upto), std::vector<std::string>{"after the checkpoint"});
}

TEST(LogDiskFull, StallsWithoutLosingAnythingAndGoesOnWhenSpaceReturns) {
  SimulatedDisk disk(1);
  auto log =
      open_stepped(disk, {.folder = "/log", .segment_bytes = 1 << 20, .prepare_ahead = false});
  int stalled = 0;
  int failed = 0;
  ASSERT_TRUE(log->start(
      {.durable = {},
       .stalled = [&](const Error& error) { stalled += error.code == ErrorCode::disk_full; },
       .failed = [&](const Error&) { ++failed; },
       .segment_sealed = {}}));
  disk.set_space((1 << 20) + (100 << 10));
  for (int i = 0; i < 15; ++i)
    ASSERT_TRUE(append_text(*log, batch(1, i), body_of_bytes(100'000, 'x')));
  while (log->step_writer() == Writer::Step::flushed) {
  }
  const Position durable = log->durable();
  EXPECT_LT(durable, log->end());
  EXPECT_EQ(log->step_writer(), Writer::Step::stalled);
  EXPECT_EQ(log->step_writer(), Writer::Step::stalled);
  EXPECT_EQ(log->durable(), durable);
  EXPECT_EQ(stalled, 1) << "told once, not at every try";
  ASSERT_TRUE(append_text(*log, batch(1, 15), "queued while it was full"));
  disk.set_space(UINT64_MAX);
  flush(*log);
  EXPECT_EQ(log->durable(), log->end());
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(log->read({1}, 0, UINT64_MAX, true)->size(), 16u);
}

TEST(LogDiskFull, TheWriterThreadWaitsAndGoesOnByItself) {
  SimulatedDisk disk(1);
  DurableWatch durable;
  std::promise<void> stalled;  // told once
  auto log =
      *Engine::open(disk, {.folder = "/log", .segment_bytes = 1 << 20, .prepare_ahead = false}, {});
  ASSERT_TRUE(log->start({.durable = durable.callback(),
                          .stalled = [&](const Error&) { stalled.set_value(); },
                          .failed = {},
                          .segment_sealed = {}}));
  disk.set_space((1 << 20) + (100 << 10));
  for (int i = 0; i < 15; ++i)
    ASSERT_TRUE(append_text(*log, batch(1, i), body_of_bytes(100'000, 'x')));
  stalled.get_future().wait();
  disk.set_space(UINT64_MAX);
  durable.wait_for_all_of(*log);
  EXPECT_EQ(log->read({1}, 0, UINT64_MAX, true)->size(), 15u);
}

TEST(LogPrepare, FillsTheNextSegmentAheadAndUsesIt) {
  SimulatedDisk disk(1);
  auto log = open_stepped(disk);
  ASSERT_TRUE(log->start({}));
  ASSERT_TRUE(append_text(*log, batch(1, 0), "first"));
  flush(*log);
  while (log->step_housekeeper()) {
  }
  EXPECT_TRUE(*disk.exists("/log/" + format::spare_name(0)));
  for (int i = 1; i < 15; ++i)
    ASSERT_TRUE(append_text(*log, batch(1, i), body_of_bytes(100'000, 'x')));
  flush(*log);
  EXPECT_FALSE(*disk.exists("/log/" + format::spare_name(0)));
  EXPECT_TRUE(*disk.exists("/log/" + format::segment_name(1)));
}

}  // namespace
}  // namespace holdfast::log
