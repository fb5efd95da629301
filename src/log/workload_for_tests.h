#pragma once

#include <gtest/gtest.h>
#include <map>
#include <random>

#include "log/engine.h"

namespace holdfast::log {

/// Drives a log step by step as a seed says: appends, flushes, checkpoints, trims, closes and opens
/// again, on a disk that may fail at any of it. Keeps what must be true, and compares whole
/// contents after a restart. For tests.
class Workload {
 public:
  struct Appended {
    FrameKey key;
    std::string body;
    Position begin;
    Position end;
    bool operator==(const Appended& other) const {
      return body == other.body && begin == other.begin && end == other.end &&
             key.kind == other.key.kind && key.partition == other.key.partition &&
             key.first_offset == other.key.first_offset &&
             key.last_offset == other.key.last_offset &&
             key.max_timestamp_ms == other.key.max_timestamp_ms;
    }
  };

  /// With an odd seed a little of what was written last is read from memory, otherwise nothing.
  Workload(os::Files& files, uint64_t seed)
      : files_(files), random_(seed), chunk_bytes_(seed % 2 == 1 ? 16 << 10 : 4 << 20) {}

  /// Opens the log and compares it with what was appended: everything acknowledged is there, whole
  /// and in order; what else is there was appended right behind. From then on, what was not found
  /// counts as never appended.
  Status open() {
    log_.reset();
    auto log =
        Engine::open(files_, settings(),
                     {.threads = false, .flush_bytes_max = 48 << 10, .chunk_bytes = chunk_bytes_});
    if (!log) return std::unexpected(log.error());
    log_ = std::move(*log);
    HOLDFAST_CHECKED(check_replay());
    HOLDFAST_CHECKED(check_reads());
    check_checkpoint();
    return log_->start({});
  }

  /// Takes `count` seeded actions; stops early when the log has failed.
  void run(int count) {
    for (int i = 0; i < count && log_; ++i) {
      act();
      note_progress();
    }
  }

  void flush() {
    while (log_->step_writer() == Writer::Step::flushed) note_progress();
    note_progress();
  }
  /// The process ends; whether the last flush works out is the disk's business.
  void close() {
    if (!log_) return;
    note_progress();
    log_.reset();
  }

  Engine& log() { return *log_; }
  bool is_open() const { return log_ != nullptr; }
  const std::vector<Appended>& appended() const { return appended_; }
  Position acknowledged() const { return acknowledged_; }
  uint64_t opened_with_torn_tail() const { return shortened_; }

  static LogSettings settings() {
    return {.folder = "/log",
            .segment_bytes = 1 << 20,
            .pending_bytes_max = 4 << 20,
            .recent_bytes_max = 64 << 10};
  }

  bool append_one() {
    Appended made;
    // Sizes around pages and sectors, and now and then a large one.
    const uint64_t kind = random_() % 8;
    const size_t size = kind == 0  ? random_() % 150000
                        : kind < 3 ? random_() % 6000
                                   : random_() % 300;
    made.key.kind = random_() % 6 == 0 ? FrameKind::state : FrameKind::batch;
    made.key.partition = {static_cast<uint32_t>(random_() % 5)};
    int64_t& next = next_offset_[made.key.partition];
    made.key.first_offset = next;
    made.key.last_offset = next + static_cast<int64_t>(random_() % 3);
    made.key.max_timestamp_ms = static_cast<int64_t>(random_() % 1000);
    made.body = std::to_string(++counter_) + ":";
    while (made.body.size() < size)
      made.body.push_back(static_cast<char>('a' + (made.body.size() * 7 + counter_) % 26));
    if (random_() % 10 == 0) std::ranges::fill(made.body, '\0');
    made.begin = log_->end();
    const ByteView parts[] = {as_bytes(made.body).first(made.body.size() / 3),
                              as_bytes(made.body).subspan(made.body.size() / 3)};
    const auto end = log_->append(made.key, parts);
    if (!end) {
      EXPECT_TRUE(end.error().code == ErrorCode::read_only || end.error().code == ErrorCode::limit)
          << end.error().message;
      return false;
    }
    made.end = *end;
    if (made.key.kind == FrameKind::batch) next = made.key.last_offset + 1;
    appended_.push_back(std::move(made));
    return true;
  }

 private:
  void act() {
    const uint64_t choice = random_() % 100;
    if (choice < 45) {
      for (uint64_t left = 1 + random_() % 6; left > 0 && append_one(); --left) {
      }
    } else if (choice < 75) {
      log_->step_writer();
    } else if (choice < 90) {
      for (uint64_t left = 1 + random_() % 3; left > 0 && log_->step_housekeeper(); --left) {
      }
    } else if (choice < 96) {
      give_checkpoint();
    } else if (choice < 99) {
      log_->trim({log_->durable().value * (random_() % 3) / 2});
    } else if (auto opened = reopen(); !opened) {
      log_.reset();
    }
  }

  Status reopen() {
    close();
    return open();
  }

  void note_progress() {
    if (log_) acknowledged_ = std::max(acknowledged_, log_->durable());
  }

  void give_checkpoint() {
    // At a boundary between frames, as an owner would: here always the durable end.
    const Position upto = log_->durable();
    std::string state = "state " + std::to_string(++counter_);
    checkpoints_[state] = upto;
    const ByteView bytes = as_bytes(state);
    log_->write_checkpoint(upto, ByteBuffer(bytes.begin(), bytes.end()));
    if (log_->wait_for_checkpoint()) known_checkpoint_ = upto;
  }

  Status check_replay() {
    std::vector<Appended> found;
    HOLDFAST_CHECKED(log_->replay({}, [&](const Frame& frame) -> Status {
      found.push_back({frame.key, std::string(as_text(frame.body)), frame.begin, frame.end});
      return {};
    }));
    EXPECT_GE(log_->end(), acknowledged_) << "acknowledged frames are missing at the end";
    EXPECT_EQ(log_->end(), log_->durable());
    EXPECT_LE(log_->begin(), log_->checkpoint_position()) << "trimmed beyond the checkpoint";
    // Marks of the log's own take up positions, so a begin is compared through the end of the frame
    // before only in content.
    size_t first = 0;
    while (first < appended_.size() && appended_[first].end <= log_->begin()) ++first;
    size_t last = first;
    while (last < appended_.size() && appended_[last].end <= log_->end()) ++last;
    if (last < appended_.size()) ++shortened_;
    const bool same = std::ranges::equal(found, std::span(appended_).subspan(first, last - first));
    EXPECT_TRUE(same) << "found " << found.size() << " frames, expected " << last - first << " of "
                      << appended_.size();
    appended_.resize(last);
    next_offset_.clear();
    for (const Appended& frame : appended_) {
      if (frame.key.kind == FrameKind::batch)
        next_offset_[frame.key.partition] = frame.key.last_offset + 1;
    }
    acknowledged_ = log_->end();
    return {};
  }

  Status check_reads() {
    for (uint32_t partition = 0; partition < 5; ++partition) {
      const auto frames = HOLDFAST_TRY(log_->read({partition}, 0, UINT64_MAX, true));
      std::vector<std::string> expected;
      for (const Appended& frame : appended_) {
        const bool kept = frame.begin >= log_->begin() && frame.key.kind == FrameKind::batch;
        if (kept && frame.key.partition.value == partition) expected.push_back(frame.body);
      }
      std::vector<std::string> found;
      for (const Frame& frame : frames) found.emplace_back(as_text(frame.body));
      EXPECT_TRUE(found == expected) << "partition " << partition << ": " << found.size()
                                     << " frames, expected " << expected.size();
    }
    return {};
  }

  void check_checkpoint() {
    const std::string state(as_text(log_->checkpoint()));
    EXPECT_GE(log_->checkpoint_position(), known_checkpoint_);
    if (state.empty()) return;
    ASSERT_TRUE(checkpoints_.contains(state)) << state;
    EXPECT_EQ(log_->checkpoint_position(), checkpoints_[state]);
    known_checkpoint_ = log_->checkpoint_position();
  }

  os::Files& files_;
  std::mt19937_64 random_;
  const size_t chunk_bytes_;
  std::unique_ptr<Engine> log_;
  std::vector<Appended> appended_;
  std::map<PartitionId, int64_t> next_offset_;
  std::map<std::string, Position> checkpoints_;
  Position acknowledged_;
  Position known_checkpoint_;
  uint64_t counter_ = 0;
  uint64_t shortened_ = 0;
};

}  // namespace holdfast::log
