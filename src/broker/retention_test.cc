#include <gtest/gtest.h>

#include "broker/core.h"
#include "broker/recovery.h"
#include "log/engine.h"
#include "record/batch_builder.h"
#include "testing/simulated_disk.h"

namespace holdfast::broker {
namespace {

constexpr int64_t kInterval = 1000;

/// The core over a log whose threads are steps of the test, with a clock of its own.
class Retained : public ::testing::Test, public Outlet {
 public:
  explicit Retained(bool cleans = false) : cleans_(cleans) {
    settings_.data_folder = "/log";
    settings_.retention_check_interval_ms = kInterval;
    start();
  }

  void start() {
    core_.reset();
    log_.reset();
    state_ = std::make_unique<State>();
    log_ = *log::Engine::open(disk_,
                              {.folder = "/log",
                               .segment_bytes = 1 << 20,
                               .prepare_ahead = false,
                               .cleaner = {.enabled = cleans_, .settle_after_ms = 0}},
                              {.threads = false});
    ASSERT_TRUE(recover(*log_, *state_, now_.wall_ms));
    ASSERT_TRUE(log_->start({.durable = {},
                             .stalled = {},
                             .failed = {},
                             .segment_sealed = [this](log::Position) { ++sealed_; },
                             .checkpoint_written = [this](log::Position) { ++checkpoints_; }}));
    core_ = std::make_unique<Core>(settings_, *state_, *log_, *this, [this] {
      TopicId id;
      id.bytes[0] = static_cast<std::byte>(++ids_);
      return id;
    });
    core_->tick(now_);  // the first one begins to count
  }

  Partition& create(const std::string& name, ConfigMap config) {
    EXPECT_TRUE(core_->change(
        TopicCreated{core_->new_id(), name, state_->next_log_id(), 1, std::move(config)}));
    return *state_->topic(name)->partitions[0];
  }

  void append(Partition& partition, int64_t timestamp_ms, size_t bytes = 10) {
    const std::string value(bytes, 'v');
    builder_.begin({});
    builder_.add({.timestamp_ms = timestamp_ms, .value = as_bytes(value)});
    const auto batch = record::BatchView::parse(*builder_.finish());
    ASSERT_TRUE(core_->append(partition, *batch, now_));
  }

  /// The disk and everything beside comes to an end.
  void settle() {
    for (bool more = true; more;) {
      more = log_->step_writer() == log::Writer::Step::flushed;
      core_->durable(log_->durable(), now_);
      for (; sealed_ > 0; --sealed_) core_->segment_sealed();
      more |= log_->step_housekeeper();
      while (log_->step_cleaner()) ++checkpoints_;
      for (; checkpoints_ > 0; --checkpoints_) core_->give_back_space();
    }
  }

  /// As the event loop would, up to that time.
  void pass_time(int64_t ms) {
    now_.steady_ms += ms;
    now_.wall_ms += ms;
    for (int rounds = 0; core_->next_deadline_ms() <= now_.steady_ms; ++rounds) {
      ASSERT_LT(rounds, 100) << "it never comes to rest";
      core_->tick(now_);
    }
  }

  void answer(const Ticket&, Response) override {}
  void disconnect(uint64_t, std::string_view) override {}

 protected:
  const bool cleans_;
  testing::SimulatedDisk disk_{1};
  BrokerSettings settings_;
  Instant now_{.steady_ms = 50'000, .wall_ms = 1'000'000};
  std::unique_ptr<State> state_;
  std::unique_ptr<log::Engine> log_;
  std::unique_ptr<Core> core_;
  record::BatchBuilder builder_;
  int sealed_ = 0;
  int checkpoints_ = 0;
  int ids_ = 0;
};

TEST_F(Retained, WhatIsTooOldGoesByWholeBatchesFromTheFront) {
  Partition& partition = create("t", {{"retention.ms", "5000"}});
  append(partition, 990'000);
  append(partition, 993'000);
  append(partition, 999'000);
  append(partition, 990'000);  // older, but behind a younger one
  settle();
  pass_time(kInterval);
  EXPECT_EQ(partition.log_start, 2);
  pass_time(4000);
  EXPECT_EQ(partition.log_start, 4);
  EXPECT_EQ(partition.end, 4);
}

TEST_F(Retained, WhatIsNotYetDurableStays) {
  Partition& partition = create("t", {{"retention.ms", "5000"}});
  append(partition, 1);
  settle();
  append(partition, 2);
  pass_time(kInterval);
  EXPECT_EQ(partition.log_start, 1);
  settle();
  pass_time(kInterval);
  EXPECT_EQ(partition.log_start, 2);
}

TEST_F(Retained, BatchesWithoutATimeGoWithAnOlderOneBehindThem) {
  Partition& partition = create("t", {{"retention.ms", "5000"}});
  append(partition, -1);
  settle();
  pass_time(kInterval);
  EXPECT_EQ(partition.log_start, 0);
  append(partition, 1);
  append(partition, -1);
  settle();
  pass_time(kInterval);
  EXPECT_EQ(partition.log_start, 2);
}

TEST_F(Retained, ForeverIsForever) {
  Partition& forever = create("forever", {{"retention.ms", "-1"}});
  Partition& compacted = create("compacted", {{"cleanup.policy", "compact"}});
  Partition& by_default = create("default", {});
  for (Partition* partition : {&forever, &compacted, &by_default}) append(*partition, 1);
  settle();
  pass_time(kInterval);
  EXPECT_EQ(by_default.log_start, 0);
  pass_time(8 * 86'400'000LL);
  EXPECT_EQ(forever.log_start, 0);
  EXPECT_EQ(compacted.log_start, 0);
  EXPECT_EQ(by_default.log_start, 1) << "Kafka keeps for seven days";
}

TEST_F(Retained, WhatIsTooMuchGoesWhenASegmentIsFull) {
  Partition& bounded = create("bounded", {{"retention.bytes", "500000"}});
  Partition& other = create("other", {});
  for (int i = 0; i < 30; ++i) {
    append(bounded, now_.wall_ms, 50'000);
    append(other, now_.wall_ms, 10);
  }
  settle();
  EXPECT_EQ(bounded.log_start, 0);
  pass_time(0);
  const uint64_t batch = log_->live_bytes(bounded.log_id) / (30 - bounded.log_start);
  EXPECT_GE(log_->live_bytes(bounded.log_id), 500'000u);
  EXPECT_LT(log_->live_bytes(bounded.log_id), 500'000 + batch);
  EXPECT_EQ(other.log_start, 0);
}

TEST_F(Retained, ARestartKnowsWhatHasGone) {
  Partition& partition = create("t", {{"retention.ms", "5000"}});
  for (int i = 0; i < 5; ++i) append(partition, i < 3 ? 1 : now_.wall_ms);
  settle();
  const uint64_t before = log_->live_bytes(partition.log_id);
  pass_time(kInterval);
  settle();
  EXPECT_EQ(partition.log_start, 3);
  start();
  const Partition& again = *state_->topic("t")->partitions[0];
  EXPECT_EQ(again.log_start, 3);
  EXPECT_EQ(log_->live_bytes(again.log_id), before * 2 / 5);
}

TEST_F(Retained, TheSpaceOfWhatHasGoneIsGivenBack) {
  Partition& bounded = create("bounded", {{"retention.bytes", "500000"}});
  for (int i = 0; i < 200; ++i) {
    append(bounded, now_.wall_ms, 50'000);
    settle();
    pass_time(1);
    settle();
  }
  EXPECT_EQ(bounded.end, 200);
  EXPECT_LE(log_->bytes_used(), 4u << 20) << "10 MB were written";
}

TEST_F(Retained, TheSpaceOfADeletedTopicIsGivenBackAlsoAfterARestart) {
  Partition& kept = create("kept", {});
  Partition& deleted = create("deleted", {});
  for (int i = 0; i < 100; ++i) append(deleted, now_.wall_ms, 50'000);
  append(kept, now_.wall_ms);
  settle();
  const uint64_t before = log_->bytes_used();
  ASSERT_TRUE(core_->change(TopicDeleted{deleted.topic->id}));
  EXPECT_EQ(log_->bytes_used(), before) << "it is not durable that the topic is deleted";
  settle();
  const uint64_t after = log_->bytes_used();
  EXPECT_LT(after, before);
  start();
  settle();
  EXPECT_LE(log_->bytes_used(), after);
  EXPECT_EQ(log_->read(state_->topic("kept")->partitions[0]->log_id, 0, UINT64_MAX, true)->size(),
            1u);
}

TEST_F(Retained, NothingIsDueWhenNothingHappens) {
  Partition& partition = create("t", {});
  append(partition, now_.wall_ms);
  settle();
  pass_time(2 * kInterval);
  settle();
  const int64_t then = now_.steady_ms;
  pass_time(core_->next_deadline_ms() - then);  // the broker's housekeeping, all ten minutes
  EXPECT_GE(now_.steady_ms, then + 500'000);
  EXPECT_GE(core_->next_deadline_ms(), now_.steady_ms + 500'000);
}

TEST_F(Retained, AChangeOfTheSettingCountsForWhatIsThere) {
  Partition& partition = create("t", {});
  append(partition, now_.wall_ms);
  settle();
  ASSERT_TRUE(core_->change(TopicConfigured{partition.topic->id, {{"retention.ms", "1000"}}}));
  pass_time(kInterval + 1);
  EXPECT_EQ(partition.log_start, 1);
}

TEST_F(Retained, AChangeOfTheBrokersSettingCountsForWhatIsThere) {
  Partition& by_time = create("t", {});
  Partition& own = create("own", {{"retention.ms", "600000"}, {"retention.bytes", "600000"}});
  for (Partition* partition : {&by_time, &own}) append(*partition, now_.wall_ms);
  settle();
  ASSERT_TRUE(core_->change(BrokerConfigured{{{"log.retention.ms", "1000"}}}));
  pass_time(kInterval + 1);
  EXPECT_EQ(by_time.log_start, 1);
  append(by_time, now_.wall_ms);
  settle();
  ASSERT_TRUE(core_->change(BrokerConfigured{{{"log.retention.bytes", "0"}}}));
  pass_time(kInterval + 1);
  EXPECT_EQ(by_time.log_start, 2);
  EXPECT_EQ(own.log_start, 0);
}

TEST_F(Retained, ASetClockIsNoticed) {
  Partition& partition = create("t", {});
  append(partition, now_.wall_ms);
  settle();
  now_.wall_ms += 8 * 86'400'000LL;
  pass_time(600'000);
  pass_time(kInterval);
  EXPECT_EQ(partition.log_start, 1);
}

TEST_F(Retained, WhatIsTooMuchGoesSoonAlsoWithoutAFullSegment) {
  Partition& partition = create("t", {{"retention.bytes", "0"}});
  for (int i = 0; i < 3; ++i) append(partition, now_.wall_ms);
  settle();
  pass_time(kInterval);
  EXPECT_EQ(partition.log_start, 3);
}

class Compacting : public Retained {
 public:
  Compacting() : Retained(true) {}

  /// Offset 0: a record of a transaction, 1: its marker, 2: a record of nobody's.
  Partition& make_aborted() {
    Partition& partition = create("t", {{"cleanup.policy", "compact"},
                                        {"min.cleanable.dirty.ratio", "0.01"},
                                        {"segment.ms", "100"},
                                        {"delete.retention.ms", "20000"}});
    builder_.begin(
        {.producer_id = 9, .producer_epoch = 0, .base_sequence = 0, .transactional = true});
    add("k");
    append(partition, *builder_.finish());
    append(partition, record::build_control_batch({.producer_id = 9, .producer_epoch = 0}));
    builder_.begin({});
    add("z");
    append(partition, *builder_.finish());
    settle();
    return partition;
  }
  void add(std::string_view key) {
    builder_.add({.timestamp_ms = now_.wall_ms, .key = as_bytes(key), .value = as_bytes(key)});
  }
  void append(Partition& partition, ByteView bytes) {
    ASSERT_TRUE(core_->append(partition, *record::BatchView::parse(bytes), now_));
  }
  void pass_time_and_clean(int64_t ms) {
    for (int i = 0; i < 10; ++i) {
      pass_time(ms / 10);
      settle();
    }
  }
  /// Of the batches with records. (The last of a living producer stays, if need be empty.)
  std::vector<int64_t> offsets() {
    std::vector<int64_t> all;
    const auto frames = *log_->read(state_->topic("t")->partitions[0]->log_id, 0, UINT64_MAX, true);
    for (const log::Frame& frame : frames) {
      if (record::BatchView::parse(frame.body)->record_count() > 0)
        all.push_back(frame.key.first_offset);
    }
    return all;
  }
  bool readers_are_told() const {
    return state_->topic("t")->partitions[0]->transactions->any_aborted_below(INT64_MAX);
  }
};

TEST_F(Compacting, ReadersAreToldOfAnAbortedTransactionUntilItsRecordsAreGoneAndThenTheMarkerGoes) {
  make_aborted();
  EXPECT_TRUE(readers_are_told());
  EXPECT_EQ(offsets(), (std::vector<int64_t>{0, 1, 2}));
  pass_time_and_clean(15'000);
  EXPECT_EQ(offsets(), (std::vector<int64_t>{1, 2}));
  EXPECT_FALSE(readers_are_told());
  const ByteBuffer before = state_->checkpoint();
  start();
  EXPECT_EQ(state_->checkpoint(), before);
  pass_time_and_clean(60'000);
  EXPECT_EQ(offsets(), std::vector<int64_t>{2});
}

TEST_F(Compacting, WhatCouldNotBeForgottenBeforeACrashIsForgottenAfterwards) {
  make_aborted();
  const auto compactions = [&] {
    return log_->cleaner_numbers().jobs[static_cast<size_t>(log::CleanWork::compact)];
  };
  // The cleaner is done, and the core has not heard of it.
  for (int i = 0; compactions() == 0 && i < 100; ++i) {
    if (std::exchange(checkpoints_, 0) > 0) core_->give_back_space();
    while (log_->step_cleaner()) {
    }
    if (compactions() > 0) break;
    pass_time(1000);
    while (log_->step_writer() == log::Writer::Step::flushed) {
    }
    core_->durable(log_->durable(), now_);
    for (; sealed_ > 0; --sealed_) core_->segment_sealed();
    while (log_->step_housekeeper()) {
    }
  }
  EXPECT_EQ(compactions(), 1u);
  EXPECT_TRUE(readers_are_told());
  start();
  EXPECT_EQ(offsets(), (std::vector<int64_t>{1, 2}));
  EXPECT_FALSE(readers_are_told());
}

}  // namespace
}  // namespace holdfast::broker
