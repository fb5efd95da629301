#include "log/housekeeper.h"

#include <gtest/gtest.h>

#include "testing/simulated_disk.h"

namespace holdfast::log {
namespace {

constexpr uint64_t segment_bytes = 16 << 20;

/// Of a folder that has as many spare files as it wants.
class Removal : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk_.create_directories("/log"));
    spares_.put("/log/spare-0");
    spares_.put("/log/spare-1");
    segment_->path = "/log/0.seg";
    segment_->index_path = "/log/0.idx";
    segment_->header.file_bytes = segment_bytes;
    auto file = disk_.open(segment_->path, os::OpenMode::create_new);
    ASSERT_TRUE((*file)->allocate(segment_bytes));
  }

  /// How many pieces the file went in, after its name had gone.
  int64_t pieces() {
    const uint64_t before = disk_.operations();
    Housekeeper housekeeper(disk_, "/log", spares_, segment_bytes);
    housekeeper.remove({segment_});
    while (housekeeper.step()) {
    }
    EXPECT_FALSE(*disk_.exists(segment_->path));
    bool named = true;
    int64_t count = 0;
    for (uint64_t n = before; n < disk_.operations(); ++n) {
      named &= disk_.operation_name(n) != "remove " + segment_->path;
      const bool shrunk = disk_.operation_name(n) == "truncate " + segment_->path;
      EXPECT_FALSE(named && shrunk) << "a power cut would leave half a segment";
      count += shrunk ? 1 : 0;
    }
    return count;
  }

  testing::SimulatedDisk disk_{1};
  SparePool spares_;
  SegmentPtr segment_ = std::make_shared<Segment>();
};

TEST_F(Removal, GivesTheBlocksOfAFileBackInPieces) {
  EXPECT_EQ(pieces(), 4);
}

TEST_F(Removal, LeavesWhatAReaderHoldsAsItIs) {
  const std::shared_ptr<const os::Mapping> held =
      *(*disk_.open(segment_->path, os::OpenMode::read))->map(0, segment_bytes);
  segment_->mapped = held;
  EXPECT_EQ(pieces(), 0);
}

}  // namespace
}  // namespace holdfast::log
