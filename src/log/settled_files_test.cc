#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <random>

#include "base/os/files.h"
#include "log/frame_reader.h"
#include "log/settled_writer.h"
#include "testing/temporary_folder.h"

namespace holdfast::log {
namespace {

constexpr uint32_t partitions = 3;

std::string body_of(uint32_t partition, int64_t offset, size_t bytes) {
  return std::to_string(partition) + ":" + std::to_string(offset) +
         std::string(bytes, static_cast<char>('a' + offset % 26));
}

/// Bodies of a few bytes, of many pages, and now and then of more than the writer gathers.
size_t some_size(std::mt19937& random) {
  constexpr std::array<size_t, 4> sizes{100, 5'000, 80'000, 2'500'000};
  const auto kind = std::discrete_distribution<size_t>({60, 25, 14, 1})(random);
  return random() % sizes[kind];
}

TEST(SettledFiles, FramesOfAnySizeComeBackInAnyOrderOfReading) {
  testing::TemporaryFolder folder;
  std::mt19937 random(1);
  SettledWriter writer(os::real_files(), {.folder = folder.path(),
                                          .segment_bytes = 16 << 20,
                                          .generation = 7,
                                          .next_number = 0,
                                          .begin = {}});
  struct Expected {
    PartitionId partition;
    int64_t offset;
    size_t bytes;
  };
  std::vector<Expected> written;
  for (int64_t offset = 0; offset < 2000; ++offset) {
    const auto partition = static_cast<uint32_t>(random() % partitions);
    written.push_back({{partition}, offset, some_size(random)});
    const FrameKey key{.kind = FrameKind::batch,
                       .partition = {partition},
                       .first_offset = offset,
                       .last_offset = offset,
                       .max_timestamp_ms = 0};
    ASSERT_TRUE(
        writer.add(key, as_bytes(body_of(partition, offset, written.back().bytes)), 100 << 20));
  }
  ASSERT_TRUE(writer.finish());
  const std::vector<SegmentPtr> segments = writer.take();
  ASSERT_GT(segments.size(), 1u);

  FrameReader reader(os::real_files());
  const auto expect_read = [&](const Expected& one) {
    for (const SegmentPtr& segment : segments) {
      const auto slot = segment->index().find(one.partition);
      const auto entries = segment->index().entries(*slot);
      const auto entry =
          std::ranges::lower_bound(entries, one.offset, {}, &IndexEntry::last_offset);
      if (entry == entries.end()) continue;
      const auto frame = reader.read(*segment, *entry, one.partition);
      ASSERT_TRUE(frame) << frame.error().message;
      ASSERT_EQ(as_text(frame->body), body_of(one.partition.value, one.offset, one.bytes));
      return;
    }
    FAIL() << "no frame of offset " << one.offset;
  };
  for (const Expected& one : written) expect_read(one);
  std::ranges::stable_sort(written, {}, &Expected::partition);
  for (const Expected& one : written) expect_read(one);
  std::ranges::shuffle(written, random);
  for (const Expected& one : written) expect_read(one);
}

}  // namespace
}  // namespace holdfast::log
