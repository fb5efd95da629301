#pragma once

#include <gtest/gtest.h>
#include <map>
#include <random>

#include "log/cleaning_rules.h"
#include "log/engine.h"
#include "record/batch_builder.h"

namespace holdfast::log {

/// Drives a log with its cleaner step by step as a seed says: two partitions that lose their front,
/// and one that is compacted; on a disk that may fail at any of it. Keeps what must be true, and
/// compares whole contents. For tests.
class CleaningWorkload : public CleaningRules {
 public:
  static constexpr PartitionId compacted{3};

  CleaningWorkload(os::Files& files, uint64_t seed) : files_(files), random_(seed) {
    rule_.dirty_ratio_min = 0.3;
    rule_.delete_retention_ms = 20;
  }

  static LogSettings settings() {
    return {.folder = "/log",
            .segment_bytes = 1 << 20,
            .pending_bytes_max = 4 << 20,
            .prepare_ahead = false,
            .cleaner = {.enabled = true, .run_bytes = 2 << 20, .settle_after_ms = 0}};
  }

  /// Opens and compares.
  Status open() {
    log_.reset();
    auto log = Engine::open(files_, settings(), {.threads = false});
    if (!log) return std::unexpected(log.error());
    log_ = std::move(*log);
    compare(true);
    HOLDFAST_CHECKED(log_->start({}));
    for (const auto& [partition, from] : released_) log_->release(partition, from);
    return {};
  }

  void run(int actions) {
    for (int i = 0; i < actions; ++i) act();
  }
  /// Until the cleaner finds nothing more.
  void come_to_rest() {
    for (int quiet = 0; quiet < 3;) {
      ++now_;
      log_->write_checkpoint(log_->durable(), {});
      while (log_->step_housekeeper()) {
      }
      log_->clean(*this);
      const bool busy = log_->step_cleaner();
      while (log_->step_cleaner()) {
      }
      quiet = busy ? 0 : quiet + 1;
    }
  }
  void close() { log_.reset(); }
  void pass_time(int64_t ms) { now_ += ms; }
  Engine& log() { return *log_; }

  void append(PartitionId partition) {
    const int64_t offset = next_[partition];
    record::BatchBuilder& builder = builder_;
    builder.begin({.base_offset = offset});
    std::vector<Kept> made;
    const int count = partition == compacted ? 1 + static_cast<int>(random_() % 3) : 1;
    for (int i = 0; i < count; ++i) {
      Kept record{.offset = offset + i,
                  .key = "key " + std::to_string(random_() % 8),
                  .value = std::to_string(++counter_)};
      if (random_() % 6 != 0) {
        record.value->resize(partition == compacted ? 3000 : 50'000, 'v');
      } else {
        record.value.reset();
      }
      const auto value = record.value ? std::optional(as_bytes(*record.value)) : std::nullopt;
      builder.add({.timestamp_ms = now_, .key = as_bytes(record.key), .value = value});
      made.push_back(std::move(record));
    }
    const ByteView body = *builder.finish();
    const auto appended = log_->append({.kind = FrameKind::batch,
                                        .partition = partition,
                                        .first_offset = offset,
                                        .last_offset = offset + count - 1,
                                        .max_timestamp_ms = now_},
                                       {&body, 1});
    if (!appended) return;
    next_[partition] += count;
    for (Kept& record : made) records_[partition].push_back(std::move(record));
    ends_.emplace_back(*appended, partition, next_[partition]);
  }

  void release(PartitionId partition, int64_t from) {
    released_[partition] = from;
    log_->release(partition, from);
  }

  void flush() {
    while (log_->step_writer() == Writer::Step::flushed) {
    }
    note_durable();
  }

  /// What a reader finds now is what must be there.
  void compare(bool after_restart) {
    for (const PartitionId partition : {PartitionId{1}, PartitionId{2}, compacted}) {
      auto found = read(partition);
      auto& records = records_[partition];
      if (after_restart) {
        // What was not acknowledged may be there or not; if not, it was never appended.
        int64_t end = stable_[partition];
        if (!found.empty()) end = std::max(end, found.back().offset + 1);
        while (!records.empty() && records.back().offset >= end) records.pop_back();
        next_[partition] = stable_[partition] = end;
      }
      const int64_t from = released_[partition];
      std::erase_if(found, [&](const Kept& record) { return record.offset < from; });
      std::vector<Kept> wanted;
      for (const Kept& record : records)
        if (record.offset >= from && record.offset < stable_[partition]) wanted.push_back(record);
      if (partition != compacted) {
        EXPECT_TRUE(found == wanted) << "partition " << partition.value << ": " << found.size()
                                     << " records and not " << wanted.size();
      } else {
        compare_compacted(found, wanted);
      }
    }
    if (after_restart) ends_.clear();
  }

  struct Kept {
    int64_t offset = 0;
    std::string key;
    std::optional<std::string> value = {};
    bool operator==(const Kept&) const = default;
  };

  std::vector<Kept> read(PartitionId partition) {
    std::vector<Kept> found;
    const auto frames = log_->read(partition, 0, UINT64_MAX, true);
    EXPECT_TRUE(frames) << frames.error().message;
    if (!frames) return found;
    for (const Frame& frame : *frames) {
      const auto batch = record::BatchView::parse(frame.body);
      EXPECT_TRUE(batch && batch->crc_matches());
      auto records = batch->records();
      for (record::RecordView record; records.next(record);) {
        Kept kept{.offset = record.offset, .key = std::string(as_text(*record.key))};
        if (record.value) kept.value = as_text(*record.value);
        found.push_back(std::move(kept));
      }
    }
    return found;
  }

  int64_t now_ms() const override { return now_; }
  std::optional<CompactionRule> compaction(PartitionId partition) const override {
    if (partition != compacted) return std::nullopt;
    CompactionRule rule = rule_;
    const auto found = stable_.find(compacted);
    rule.below = found == stable_.end() ? 0 : found->second;
    return rule;
  }
  CompactionDetail detail(PartitionId) const override { return {}; }

 private:
  void act() {
    ++now_;
    const uint64_t choice = random_() % 100;
    if (choice < 40) {
      for (uint64_t left = 1 + random_() % 4; left > 0; --left)
        append({static_cast<uint32_t>(1 + random_() % 3)});
    } else if (choice < 60) {
      log_->step_writer();
      note_durable();
    } else if (choice < 70) {
      log_->step_housekeeper();
    } else if (choice < 76) {
      log_->write_checkpoint(log_->durable(), {});
      log_->step_housekeeper();
    } else if (choice < 82) {
      const PartitionId partition{static_cast<uint32_t>(1 + random_() % 2)};
      int64_t& from = released_[partition];
      from += static_cast<int64_t>(random_() % 20);
      from = std::min(from, stable_[partition]);
      log_->release(partition, from);
    } else if (choice < 90) {
      log_->clean(*this);
    } else if (choice < 98) {
      for (uint64_t left = random_() % 6; left > 0 && log_->step_cleaner(); --left) {
      }
    } else {
      log_->seal();
    }
  }

  void note_durable() {
    while (!ends_.empty() && std::get<0>(ends_.front()) <= log_->durable()) {
      stable_[std::get<1>(ends_.front())] = std::get<2>(ends_.front());
      ends_.pop_front();
    }
  }

  /// The newest record of each key is there; older ones may be; nothing else is.
  static void compare_compacted(const std::vector<Kept>& found, const std::vector<Kept>& wanted) {
    std::map<int64_t, const Kept*> by_offset;
    std::map<std::string, const Kept*> newest;
    for (const Kept& record : wanted) by_offset[record.offset] = newest[record.key] = &record;
    int64_t last = -1;
    std::map<std::string, const Kept*> newest_found;
    for (const Kept& record : found) {
      EXPECT_GT(record.offset, last);
      last = record.offset;
      const auto original = by_offset.find(record.offset);
      ASSERT_TRUE(original != by_offset.end() && *original->second == record)
          << "offset " << record.offset;
      newest_found[record.key] = &record;
    }
    for (const auto& [key, record] : newest) {
      const auto there = newest_found.find(key);
      if (there == newest_found.end()) {
        EXPECT_FALSE(record->value) << key << " is gone";
      } else {
        EXPECT_TRUE(*there->second == *record || !record->value) << key << " is an older one";
        if (!record->value && !(*there->second == *record)) ADD_FAILURE() << key << " came back";
      }
    }
  }

  os::Files& files_;
  std::mt19937_64 random_;
  std::unique_ptr<Engine> log_;
  record::BatchBuilder builder_;
  CompactionRule rule_;
  int64_t now_ = 1000;
  uint64_t counter_ = 0;
  std::map<PartitionId, std::vector<Kept>> records_;
  std::map<PartitionId, int64_t> next_;
  std::map<PartitionId, int64_t> stable_;    // acknowledged below it
  std::map<PartitionId, int64_t> released_;  // told, or about to be
  std::deque<std::tuple<Position, PartitionId, int64_t>> ends_;
};

}  // namespace holdfast::log
