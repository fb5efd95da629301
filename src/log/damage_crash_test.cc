#include <gtest/gtest.h>

#include "log/inspect.h"
#include "log/workload_for_tests.h"
#include "testing/simulated_disk.h"

namespace holdfast::log {
namespace {

using testing::SimulatedDisk;

/// A log of several segments, cleanly closed, with index files and a checkpoint.
void fill(SimulatedDisk& disk, Workload& workload) {
  ASSERT_TRUE(workload.open());
  while (workload.log().end().value < 5u << 19) {
    workload.append_one();
    if (workload.appended().size() % 7 == 0) workload.flush();
  }
  workload.flush();
  while (workload.log().step_housekeeper()) {
  }
  workload.log().write_checkpoint(workload.appended()[20].end, {});
  ASSERT_TRUE(workload.log().wait_for_checkpoint());
  workload.close();
  ASSERT_TRUE(*disk.exists("/log/00000000000000000002.seg"));
  ASSERT_FALSE(*disk.exists("/log/00000000000000000003.seg"));
}

const std::string segment_file(uint64_t n) {
  return "/log/" + format::segment_name(n);
}

TEST(Damage, EachFlippedBitOfAFrameIsNamedWithFileAndPosition) {
  SimulatedDisk disk(1);
  Workload workload(disk, 1);
  fill(disk, workload);
  std::mt19937_64 random(7);
  std::vector<std::pair<uint64_t, format::SegmentHeader>> segments;
  for (uint64_t n = 0; n < 3; ++n) {
    ByteBuffer page(format::segment_header_bytes);
    (void)(*disk.open(segment_file(n), os::OpenMode::read))->read_at(0, page);
    segments.emplace_back(n, *format::decode_segment_header(page));
  }
  for (int round = 0; round < 300; ++round) {
    const auto& frame = workload.appended()[random() % workload.appended().size()];
    auto at = segments.rbegin();
    while (at->second.begin > frame.begin) ++at;
    const uint64_t offset =
        at->second.offset_of(frame.begin) + random() % (frame.end.value - frame.begin.value);
    const unsigned bit = random() % 8;
    disk.flip(segment_file(at->first), offset, bit);
    SCOPED_TRACE("segment " + std::to_string(at->first) + " offset " + std::to_string(offset));
    const auto report = verify(disk, "/log");
    ASSERT_TRUE(report);
    ASSERT_GE(report->damage.size(), 1u);
    EXPECT_EQ(report->damage[0].file, segment_file(at->first));
    EXPECT_EQ(report->damage[0].position, frame.begin);
    // Recovery looks into the last segment only; the others are read when they are used.
    auto log = Engine::open(disk, Workload::settings(), {.threads = false});
    if (at->first == 2) {
      ASSERT_FALSE(log);
      EXPECT_EQ(log.error().code, ErrorCode::corrupt);
      EXPECT_NE(log.error().message.find(segment_file(2) + " at position " +
                                         std::to_string(frame.begin.value)),
                std::string::npos)
          << log.error().message;
    } else {
      ASSERT_TRUE(log) << log.error().message;
      const auto replayed = (*log)->replay({}, [](const Frame&) -> Status { return {}; });
      ASSERT_FALSE(replayed);
      EXPECT_EQ(replayed.error().code, ErrorCode::corrupt);
      if (frame.key.kind == FrameKind::batch) {
        const auto read =
            (*log)->read(frame.key.partition, frame.key.first_offset, UINT64_MAX, true);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().code, ErrorCode::corrupt);
      }
    }
    disk.flip(segment_file(at->first), offset, bit);
  }
  EXPECT_TRUE(verify(disk, "/log")->damage.empty());
}

class DamagedFile : public ::testing::TestWithParam<std::pair<const char*, uint64_t>> {};

TEST_P(DamagedFile, StopsTheStartAndIsNamed) {
  SimulatedDisk disk(2);
  Workload workload(disk, 2);
  fill(disk, workload);
  const auto [name, offset] = GetParam();
  const std::string path = std::string("/log/") + name;
  for (unsigned bit = 0; bit < 8; ++bit) {
    disk.flip(path, offset, bit);
    const auto log = Engine::open(disk, Workload::settings(), {.threads = false});
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, ErrorCode::corrupt) << log.error().message;
    EXPECT_NE(log.error().message.find(path), std::string::npos) << log.error().message;
    const auto report = verify(disk, "/log");
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_FALSE(report->damage.empty());
    EXPECT_EQ(report->damage[0].file, path);
    disk.flip(path, offset, bit);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, DamagedFile,
                         ::testing::Values(std::pair("log.meta", 3ul), std::pair("log.meta", 40ul),
                                           std::pair("checkpoint", 17ul),
                                           std::pair("00000000000000000000.seg", 33ul),
                                           std::pair("00000000000000000001.seg", 4000ul),
                                           std::pair("00000000000000000002.seg", 20ul)));

class MissingFile : public ::testing::TestWithParam<const char*> {};

TEST_P(MissingFile, StopsTheStartAndIsNamed) {
  SimulatedDisk disk(3);
  Workload workload(disk, 3);
  fill(disk, workload);
  ASSERT_TRUE(disk.remove(std::string("/log/") + GetParam()));
  const auto log = Engine::open(disk, Workload::settings(), {.threads = false});
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::corrupt) << log.error().message;
  const auto report = verify(disk, "/log");
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->damage.empty());
}

INSTANTIATE_TEST_SUITE_P(Each, MissingFile,
                         ::testing::Values("log.meta", "00000000000000000000.seg",
                                           "00000000000000000001.seg"));

TEST(Inspect, ShowsEveryFrameAndTheDamageAndWritesNothing) {
  SimulatedDisk disk(6);
  Workload workload(disk, 6);
  fill(disk, workload);
  const uint64_t operations = disk.operations();
  std::string all;
  const auto collect = [&](std::string_view line) { all.append(line).append("\n"); };
  EXPECT_EQ(*inspect(disk, "/log", {}, collect), true);
  for (const auto& frame : workload.appended()) {
    EXPECT_NE(all.find("\n  " + std::to_string(frame.begin.value) + " "), std::string::npos);
  }
  all.clear();
  disk.flip(segment_file(0), format::segment_header_bytes + 5, 1);
  EXPECT_EQ(*inspect(disk, "/log", {.frames = false}, collect), false);
  EXPECT_NE(all.find("damage: " + segment_file(0) + " at position 0"), std::string::npos) << all;
  EXPECT_EQ(disk.operations(), operations);
  EXPECT_EQ(inspect(disk, "/nowhere", {}, collect).error().code, ErrorCode::not_found);
}

TEST(Damage, AMissingLastSegmentIsKnownByTheCheckpoint) {
  SimulatedDisk disk(4);
  Workload workload(disk, 4);
  fill(disk, workload);
  ASSERT_TRUE(workload.open());
  workload.log().write_checkpoint(workload.log().durable(), {});
  ASSERT_TRUE(workload.log().wait_for_checkpoint());
  workload.close();
  ASSERT_TRUE(disk.remove(segment_file(2)));
  const auto log = Engine::open(disk, Workload::settings(), {.threads = false});
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::corrupt);
  EXPECT_FALSE(verify(disk, "/log")->damage.empty());
}

TEST(Damage, AnIndexFileIsOnlyACacheAndIsBuiltAgain) {
  for (const bool removed : {false, true}) {
    for (const uint64_t offset : {20ul, 70ul, 300ul}) {  // header, directory, entries
      SimulatedDisk disk(5);
      Workload workload(disk, 5);
      fill(disk, workload);
      const std::string path = "/log/" + format::index_name(1);
      const auto before = *os::read_file(disk, path, 1 << 20);
      if (removed) {
        ASSERT_TRUE(disk.remove(path));
      } else {
        disk.flip(path, offset, 0);
        const auto report = verify(disk, "/log");
        ASSERT_EQ(report->damage.size(), 1u);
        EXPECT_EQ(report->damage[0].file, path);
      }
      const auto opened = workload.open();  // reads everything and compares
      ASSERT_TRUE(opened) << opened.error().message;
      while (workload.log().step_housekeeper()) {
      }
      workload.close();
      ASSERT_TRUE(workload.open());
      workload.close();
      if (removed || offset < 300) {
        EXPECT_EQ(*os::read_file(disk, path, 1 << 20), before);
      }
    }
  }
}

}  // namespace
}  // namespace holdfast::log
