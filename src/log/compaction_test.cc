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
  const auto kept = after_passes(3, marker, told);
  ASSERT_TRUE(kept);
  EXPECT_EQ(after_passes(1, *kept, {}), kept) << "its time has not come";
  EXPECT_EQ(after_passes(3, *kept, {}), std::nullopt);
  const CompactionDetail others{.kept_last_offsets = {}, .aborted = {{7, 0, 3}, {8, 2, 5}}};
  EXPECT_EQ(after_passes(3, marker, others), std::nullopt);
}

/// A log with its cleaner that says which partitions are compacted.
class Compacted : public ::testing::Test, public CleaningRules {
 protected:
  void SetUp() override { open(128 << 20); }
  void open(uint64_t key_table_bytes_max) {
    log_ = *Engine::open(disk_,
                         {.folder = "/log",
                          .segment_bytes = 1 << 20,
                          .prepare_ahead = false,
                          .cleaner = {.enabled = true,
                                      .run_bytes = 1 << 20,
                                      .settle_after_ms = 0,
                                      .key_table_bytes_max = key_table_bytes_max}},
                         {.threads = false});
    ASSERT_TRUE(log_->start({}));
  }

  void append(PartitionId partition, std::optional<std::string_view> value = "v") {
    record::BatchBuilder builder;
    const int64_t offset = next_[partition];
    builder.begin({.base_offset = offset});
    const auto bytes = value ? std::optional(as_bytes(*value)) : std::nullopt;
    const std::string key = value ? std::to_string(offset) : "0";
    builder.add({.timestamp_ms = now_, .key = as_bytes(key), .value = bytes});
    append(partition, *builder.finish());
  }
  void append(PartitionId partition, ByteView body) {
    const auto batch = *record::BatchView::parse(body);
    ASSERT_TRUE(log_->append({.partition = partition,
                              .first_offset = batch.base_offset(),
                              .last_offset = batch.last_offset(),
                              .max_timestamp_ms = now_},
                             {&body, 1}));
    next_[partition] = batch.last_offset() + 1;
    flush();
  }
  /// Of a transaction; -1: of none.
  void append(int64_t producer, std::initializer_list<std::string_view> keys) {
    record::BatchBuilder builder;
    builder.begin({.base_offset = next_[p],
                   .producer_id = producer,
                   .producer_epoch = static_cast<int16_t>(producer < 0 ? -1 : 0),
                   .base_sequence = producer < 0 ? -1 : static_cast<int32_t>(next_[p]),
                   .transactional = producer >= 0});
    for (const std::string_view key : keys)
      builder.add({.timestamp_ms = now_, .key = as_bytes(key), .value = as_bytes(key)});
    append(p, *builder.finish());
  }
  void end(int64_t producer, record::ControlType how) {
    append(p, record::build_control_batch({.base_offset = next_[p],
                                           .producer_id = producer,
                                           .producer_epoch = 0,
                                           .timestamp_ms = now_,
                                           .type = how}));
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
      const CleaningNeeds needs = log_->clean(*this);
      told_.insert(told_.end(), needs.compacted.begin(), needs.compacted.end());
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
    return CompactionRule{.below = below_.value_or(next_.at(partition)),
                          .dirty_ratio_min = 0.01,
                          .delete_retention_ms = 20};
  }
  CompactionDetail detail(PartitionId) const override {
    return {.kept_last_offsets = {}, .aborted = aborted_};
  }

  testing::SimulatedDisk disk_{1};
  std::unique_ptr<Engine> log_;
  std::map<PartitionId, int64_t> next_;
  std::set<PartitionId> compacted_;
  std::vector<AbortedRange> aborted_;
  std::optional<int64_t> below_;  // the last stable offset; otherwise the end
  std::vector<CleaningNeeds::Compacted> told_;
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

/// Offsets: 7 and 8 write in turn, 8 aborts and 7 commits.
TEST_F(Compacted, CommittedRecordsStayAbortedOnesGoAndMarkersFollowInTime) {
  compacted_.insert(p);
  append(7, {"a", "b"});                // 0, 1
  append(8, {"a", "c"});                // 2, 3
  end(8, record::ControlType::abort);   // 4
  append(7, {"c"});                     // 5
  end(7, record::ControlType::commit);  // 6
  append(-1, {"z"});                    // 7
  aborted_ = {{.producer_id = 8, .first_offset = 2, .last_offset = 4}};
  seal();
  clean();
  EXPECT_EQ(offsets(p), (std::vector<int64_t>{0, 4, 5, 6, 7}))
      << "what was aborted replaces nothing, and is gone";

  now_ += 100;
  clean();
  EXPECT_EQ(offsets(p), (std::vector<int64_t>{0, 4, 5, 6, 7})) << "readers are still told of it";
  aborted_.clear();   // which the owner may do, now that nothing is left of it
  now_ += 600'000;    // since nothing could be done, it was put off
  append(-1, {"y"});  // 8
  seal();
  clean();
  EXPECT_EQ(offsets(p), (std::vector<int64_t>{0, 5, 6, 7, 8}));

  append(-1, {"a", "b", "c"});  // 9 to 11
  seal();
  clean();
  EXPECT_EQ(offsets(p), (std::vector<int64_t>{6, 7, 8, 9})) << "its time begins to run";
  now_ += 100;
  clean();
  EXPECT_EQ(offsets(p), (std::vector<int64_t>{7, 8, 9}));
}

TEST_F(Compacted, AnOpenTransactionAndAllBehindItIsLeftAlone) {
  compacted_.insert(p);
  append(-1, {"a"});
  append(-1, {"a"});
  below_ = 2;
  append(9, {"a"});
  append(-1, {"a"});
  seal();
  clean();
  EXPECT_EQ(offsets(p), (std::vector<int64_t>{1, 2, 3}));
  end(9, record::ControlType::commit);
  below_.reset();
  seal();
  clean();
  EXPECT_EQ(offsets(p), (std::vector<int64_t>{3, 4}));
}

/// Time stands still: nothing is put off.
TEST_F(Compacted, WhoFindsTheMemoryForKeysTakenGoesFirstTheNextTime) {
  log_.reset();
  open(1);  // the least: for 768 keys, that is one batch of these
  constexpr PartitionId r{3};
  compacted_ = {p, q, r};
  const auto append_keys = [&](PartitionId partition, int from, int count) {
    record::BatchBuilder builder;
    builder.begin({.base_offset = next_[partition]});
    for (int key = from; key < from + count; ++key) {
      const std::string text = std::to_string(key);
      builder.add({.timestamp_ms = now_, .key = as_bytes(text), .value = as_bytes(text)});
    }
    append(partition, *builder.finish());
  };
  for (int i = 0; i < 12; ++i) append_keys(p, 700 * i, 700);
  for (const PartitionId other : {q, r})
    for (int i = 0; i < 2; ++i) append_keys(other, 0, 500);
  seal();
  for (int i = 0; i < 2; ++i) clean();  // fewer passes than p alone would take
  for (const PartitionId other : {q, r})
    EXPECT_EQ(offsets(other), std::vector<int64_t>{500}) << other.value;
  EXPECT_EQ(log_->cleaner_numbers().uncleanable_partitions, 0u);

  append_keys(q, 0, 800);
  seal();
  clean();
  clean();
  EXPECT_EQ(log_->cleaner_numbers().uncleanable_partitions, 1u) << "800 keys never fit";
  EXPECT_EQ(offsets(p).size(), 12u);
}

TEST_F(Compacted, TheOwnerIsToldHowFarAlsoAfterARestart) {
  compacted_.insert(p);
  for (int i = 0; i < 3; ++i) append(-1, {"a"});
  seal();
  clean();
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_EQ(told_[0].partition, p);
  EXPECT_EQ(told_[0].upto, 3);
  log_.reset();
  SetUp();
  const CleaningNeeds needs = log_->clean(*this);
  ASSERT_EQ(needs.compacted.size(), 1u);
  EXPECT_EQ(needs.compacted[0].upto, 3);
  EXPECT_TRUE(log_->clean(*this).compacted.empty());
}

}  // namespace
}  // namespace holdfast::log
