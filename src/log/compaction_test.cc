#include <gtest/gtest.h>
#include <set>

#include "log/compactor.h"
#include "log/engine.h"
#include "record/batch_builder.h"
#include "testing/simulated_disk.h"

// What compaction leaves of transactions, and where it puts what it leaves.

namespace holdfast::log {
namespace {

constexpr PartitionId p{1};
constexpr PartitionId q{2};

CompactionTask task_at(int64_t now_ms) {
  CompactionTask task{.partition = p, .rule = {}, .detail = {}, .now_ms = now_ms};
  task.rule.below = INT64_MAX;
  task.rule.delete_retention_ms = 10;
  return task;
}

/// What is left of the marker after so many passes, far apart in time.
std::optional<ByteBuffer> after_passes(int passes, ByteBuffer marker, CompactionDetail detail) {
  for (int pass = 0; pass < passes; ++pass) {
    CompactionTask task = task_at(1'000 * (pass + 1));
    task.detail = detail;
    Compactor compactor(1 << 20);
    compactor.begin(task);
    // A batch behind it, so that the marker is not the last of the range.
    record::BatchBuilder builder;
    builder.begin({.base_offset = 10});
    builder.add({.key = as_bytes(std::string_view("k")), .value = {}});
    const auto last = record::BatchView::parse(*builder.finish());
    const auto batch = record::BatchView::parse(marker);
    EXPECT_TRUE(compactor.note(*batch) && compactor.note(*last));
    const auto left = compactor.judge(p, *batch);
    EXPECT_TRUE(left);
    if (!*left) return std::nullopt;
    marker = ByteBuffer((*left)->begin(), (*left)->end());
  }
  return marker;
}

TEST(Compaction, TheMarkerOfAnAbortedTransactionStaysAsLongAsReadersAreToldOfIt) {
  const ByteBuffer marker = record::build_control_batch(
      {.base_offset = 5, .producer_id = 7, .type = record::ControlType::abort});
  EXPECT_EQ(after_passes(3, marker, {}), std::nullopt);
  const CompactionDetail told{.kept_last_offsets = {}, .aborted = {{7, 2, 5}}};
  EXPECT_EQ(after_passes(3, marker, told), marker);
  const CompactionDetail others{.kept_last_offsets = {}, .aborted = {{7, 0, 3}, {8, 2, 5}}};
  EXPECT_EQ(after_passes(3, marker, others), std::nullopt);
}

/// A log with its cleaner that says which partitions are compacted.
class Compacted : public ::testing::Test, public CleaningRules {
 protected:
  void SetUp() override {
    log_ = *Engine::open(disk_,
                         {.folder = "/log",
                          .segment_bytes = 1 << 20,
                          .prepare_ahead = false,
                          .cleaner = {.enabled = true, .run_bytes = 1 << 20, .settle_after_ms = 0}},
                         {.threads = false});
    ASSERT_TRUE(log_->start({}));
  }

  void append(PartitionId partition, std::optional<std::string_view> value = "v") {
    record::BatchBuilder builder;
    int64_t& offset = next_[partition];
    builder.begin({.base_offset = offset});
    const auto bytes = value ? std::optional(as_bytes(*value)) : std::nullopt;
    const std::string key = value ? std::to_string(offset) : "0";
    builder.add({.timestamp_ms = now_, .key = as_bytes(key), .value = bytes});
    const ByteView body = *builder.finish();
    ASSERT_TRUE(log_->append({.partition = partition,
                              .first_offset = offset,
                              .last_offset = offset,
                              .max_timestamp_ms = now_},
                             {&body, 1}));
    ++offset;
    flush();
  }
  void flush() {
    while (log_->step_writer() == Writer::Step::flushed) {
    }
  }
  void seal() {
    log_->seal();
    flush();
  }
  void clean() {
    for (int i = 0; i < 10; ++i) {
      log_->write_checkpoint(log_->durable(), {});
      while (log_->step_housekeeper()) {
      }
      log_->clean(*this);
      while (log_->step_cleaner()) {
      }
    }
  }
  std::vector<int64_t> offsets(PartitionId partition) {
    std::vector<int64_t> all;
    const auto frames = *log_->read(partition, 0, UINT64_MAX, true);
    for (const Frame& frame : frames) all.push_back(frame.key.first_offset);
    return all;
  }

  int64_t now_ms() const override { return now_; }
  std::optional<CompactionRule> compaction(PartitionId partition) const override {
    if (!compacted_.contains(partition)) return std::nullopt;
    return CompactionRule{
        .below = next_.at(partition), .dirty_ratio_min = 0.01, .delete_retention_ms = 20};
  }
  CompactionDetail detail(PartitionId) const override { return {}; }

  testing::SimulatedDisk disk_{1};
  std::unique_ptr<Engine> log_;
  std::map<PartitionId, int64_t> next_;
  std::set<PartitionId> compacted_;
  int64_t now_ = 1000;
};

TEST_F(Compacted, OfAPartitionThatIsNotCompactedNothingIsPutInAnotherOrder) {
  for (const std::vector<PartitionId>& in_segment : {std::vector{p}, {q}, {p}, {q, p}}) {
    for (const PartitionId partition : in_segment) append(partition);
    seal();
    clean();
  }
  EXPECT_EQ(offsets(q), (std::vector<int64_t>{0, 1}));
  compacted_.insert(p);
  clean();
  EXPECT_EQ(offsets(p), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(offsets(q), (std::vector<int64_t>{0, 1}));
}

TEST_F(Compacted, WhereNothingIsLeftThatWasCompactedNothingIsDone) {
  compacted_.insert(p);
  append(p);
  append(p, std::nullopt);  // a tombstone: it has a time to go
  seal();
  clean();
  log_->release(p, 2);
  append(p);
  now_ += 100;
  clean();
  EXPECT_EQ(offsets(p), std::vector<int64_t>{2});
  seal();
  clean();
  EXPECT_EQ(offsets(p), std::vector<int64_t>{2});
}

}  // namespace
}  // namespace holdfast::log
