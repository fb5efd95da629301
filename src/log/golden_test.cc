#include <gtest/gtest.h>

#include "log/engine.h"
#include "testing/simulated_disk.h"

namespace holdfast::log {
namespace {

using testing::SimulatedDisk;

constexpr const char* names[] = {"log.meta", "checkpoint", "00000000000000000000.seg",
                                 "00000000000000000000.idx", "00000000000000000001.seg"};
const std::string golden = HOLDFAST_LOG_GOLDEN "/1/";

void append(Engine& log, FrameKind kind, uint32_t partition, int64_t first, int64_t last,
            int64_t time, const std::string& body) {
  const ByteView part = as_bytes(body);
  const FrameKey key{.kind = kind,
                     .partition = {partition},
                     .first_offset = first,
                     .last_offset = last,
                     .max_timestamp_ms = time};
  ASSERT_TRUE(log.append(key, std::span(&part, 1)));
  ASSERT_EQ(log.step_writer(), Writer::Step::flushed);
}

/// The log that the golden files are of: two segments, three partitions, a checkpoint, a clean end.
void write_log(os::Files& files) {
  auto log =
      *Engine::open(files, {.folder = "/log", .segment_bytes = 1 << 20, .prepare_ahead = false},
                    {.threads = false});
  ASSERT_TRUE(log->start({}));
  append(*log, FrameKind::state, 0, 0, 0, -1, "a topic was made");
  append(*log, FrameKind::batch, 7, 0, 2, 1'700'000'000'000, "three records");
  append(*log, FrameKind::batch, 3, 100, 100, 1'700'000'000'001, "");
  append(*log, FrameKind::batch, 7, 3, 9, 1'600'000'000'000, "seven records, older");
  append(*log, FrameKind::batch, 9, 0, 0, 5, std::string(1'044'000, '\0'));
  log->write_checkpoint(log->durable(), ByteBuffer(3, std::byte{0x5a}));
  ASSERT_TRUE(log->wait_for_checkpoint());
  append(*log, FrameKind::batch, 7, 10, 10, 6, "in the second segment" + std::string(1000, '.'));
  while (log->step_housekeeper()) {
  }
}

/// Of segments, the zeroes at the end are not stored.
std::string stored_form(const std::string& name, ByteView bytes) {
  const std::string text(as_text(bytes));
  return name.ends_with(".seg") ? text.substr(0, text.find_last_not_of('\0') + 1) : text;
}

TEST(LogGolden, TheBytesOfFormatVersion1DoNotChange) {
  SimulatedDisk disk(1);
  write_log(disk);
  for (const char* name : names) {
    const auto written = *os::read_file(disk, std::string("/log/") + name, 2 << 20);
    const auto stored = os::read_file(os::real_files(), golden + name, 2 << 20);
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_TRUE(stored_form(name, written) == as_text(*stored)) << name;
  }
}

TEST(LogGolden, AFolderOfFormatVersion1IsReadAndGoesOn) {
  SimulatedDisk disk(1);
  ASSERT_TRUE(disk.create_directories("/log"));
  for (const std::string name : names) {
    auto file = *disk.open("/log/" + name, os::OpenMode::create_new);
    const auto stored = *os::read_file(os::real_files(), golden + name, 2 << 20);
    ASSERT_TRUE(file->allocate(name.ends_with(".seg") ? 1 << 20 : stored.size()));
    ASSERT_TRUE(file->write_at(0, stored));
  }
  const auto report = *verify(disk, "/log");
  EXPECT_TRUE(report.damage.empty());
  EXPECT_EQ(report.frames, 6u);
  auto log = *Engine::open(disk, {.folder = "/log", .segment_bytes = 1 << 20}, {.threads = false});
  EXPECT_EQ(log->checkpoint().size(), 3u);
  ASSERT_TRUE(log->start({}));
  append(*log, FrameKind::batch, 7, 11, 11, 7, "new");
  const auto frames = *log->read({7}, 0, UINT64_MAX, true);
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(as_text(frames[0].body), "three records");
  EXPECT_EQ(frames[1].key.last_offset, 9);
  EXPECT_EQ(frames[1].key.max_timestamp_ms, 1'600'000'000'000);
  EXPECT_EQ(as_text(frames[3].body), "new");
}

}  // namespace
}  // namespace holdfast::log
