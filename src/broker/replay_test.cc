#include <condition_variable>
#include <gtest/gtest.h>
#include <mutex>
#include <random>

#include "broker/client_for_tests.h"
#include "broker/core.h"
#include "broker/recovery.h"
#include "testing/temporary_folder.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/delete_records.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/produce.h"

namespace holdfast::broker {
namespace {

/// The core over a real log, without sockets and with a clock of its own. Counts answers.
class Bench : public Outlet {
 public:
  Bench(const std::string& folder, uint64_t seed) : random_(seed) {
    settings_.data_folder = folder;
    log_ = open();
    EXPECT_TRUE(recover(*log_, state_, now_.wall_ms).has_value());
    EXPECT_TRUE(log_->start({.durable = [this](log::Position) { wake(); },
                             .stalled = {},
                             .failed = {},
                             .segment_sealed =
                                 [this](log::Position) {
                                   std::lock_guard lock(mutex_);
                                   ++sealed_;
                                 }})
                    .has_value());
    core_ = std::make_unique<Core>(settings_, state_, *log_, *this, [this] {
      TopicId id;
      for (auto& byte : id.bytes) byte = static_cast<std::byte>(random_());
      return id;
    });
  }

  std::unique_ptr<log::Log> open() {
    auto opened = log::Log::open(os::real_files(),
                                 {.folder = settings_.data_folder, .segment_bytes = 1u << 20});
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }

  template <class Request>
  void serve(const Request& request, int16_t version) {
    const ByteBuffer frame = wire::encode_request(request, version, 1, "c").flattened();
    const auto header = wire::decode_request_header(ByteView(frame).subspan(4));
    ASSERT_TRUE(header.has_value());
    ++now_.steady_ms, ++now_.wall_ms;
    core_->serve(*header, 1, sequence_++, now_);
  }
  /// Waits for the disk and tells the core.
  void settle() {
    int sealed = 0;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return log_->durable() == log_->end(); });
      std::swap(sealed, sealed_);
    }
    core_->durable(log_->durable(), now_);
    if (sealed > 0) core_->segment_sealed();
  }
  /// The state that another start of this folder would have.
  ByteBuffer state_after_restart() {
    settle();
    core_.reset();
    EXPECT_TRUE(log_->wait_for_checkpoint().has_value());
    log_.reset();
    log_ = open();
    State again;
    const Status recovered = recover(*log_, again, 5);
    EXPECT_TRUE(recovered.has_value()) << recovered.error().message;
    checkpoint_position_ = log_->checkpoint_position();
    return again.checkpoint();
  }

  void answer(const Ticket&, Response) override { ++answers; }
  void disconnect(uint64_t, std::string_view why) override { ADD_FAILURE() << why; }

  State& state() { return state_; }
  uint64_t random(uint64_t below) { return random_() % below; }
  log::Position checkpoint_position() const { return checkpoint_position_; }
  uint64_t requests() const { return sequence_; }
  uint64_t answers = 0;

 private:
  void wake() {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  BrokerSettings settings_;
  State state_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int sealed_ = 0;
  std::unique_ptr<log::Log> log_;
  std::unique_ptr<Core> core_;
  std::mt19937_64 random_;
  Instant now_{1000, 1'700'000'000'000};
  uint64_t sequence_ = 0;
  log::Position checkpoint_position_;
};

void create_topic(Bench& bench, std::string_view name) {
  bench.serve(broker::create_topic(name, static_cast<int32_t>(1 + bench.random(3))), 7);
}

void produce(Bench& bench, std::string_view name) {
  const Topic* topic = bench.state().topic(name);
  const auto partition = static_cast<int32_t>(bench.random(3));
  BatchSpec spec;
  if (bench.random(2) == 0) {
    spec.producer_id = static_cast<int64_t>(bench.random(4));
    spec.epoch = static_cast<int16_t>(bench.random(2));
    spec.sequence = static_cast<int32_t>(bench.random(3)) * 2;
  }
  const ByteBuffer batch = make_batch({"a", std::string(bench.random(60'000), 'v')}, spec);
  wire::ProduceRequest request;
  request.acks = -1;
  request.topic_data.push_back({name, topic ? topic->id : TopicId{}, {{partition, batch}}});
  bench.serve(request, 12);
}

void commit_offset(Bench& bench, std::string_view name) {
  wire::OffsetCommitRequest request;
  request.group_id = bench.random(2) == 0 ? "g" : "h";
  request.topics.push_back({name, {}, {{0, static_cast<int64_t>(bench.random(1000)), 0, "meta"}}});
  bench.serve(request, 8);
}

void change_config(Bench& bench, std::string_view name) {
  wire::IncrementalAlterConfigsRequest request;
  const bool topic = bench.random(2) == 0;
  const std::string value = std::to_string(100'000 + bench.random(5));
  request.resources.push_back({static_cast<int8_t>(topic ? 2 : 4),
                               topic ? name : "1",
                               {{topic ? "max.message.bytes" : "message.max.bytes",
                                 static_cast<int8_t>(bench.random(2)), value}}});
  bench.serve(request, 1);
}

void do_something(Bench& bench) {
  static constexpr std::string_view names[] = {"one", "two", "three"};
  const std::string_view name = names[bench.random(3)];
  switch (bench.random(40)) {
    case 0:
    case 1:
    case 2:
      return create_topic(bench, name);
    case 3: {
      wire::DeleteTopicsRequest request;
      request.topic_names.push_back(name);
      return bench.serve(request, 5);
    }
    case 4: {
      wire::CreatePartitionsRequest request;
      request.topics.push_back({name, static_cast<int32_t>(2 + bench.random(3)), {}});
      return bench.serve(request, 3);
    }
    case 5:
    case 6: {
      wire::DeleteRecordsRequest request;
      request.topics.push_back({name, {{0, static_cast<int64_t>(bench.random(10))}}});
      return bench.serve(request, 2);
    }
    case 7:
    case 8:
      return change_config(bench, name);
    case 9:
      return bench.serve(wire::InitProducerIdRequest{}, 4);
    case 10:
    case 11:
    case 12:
      return commit_offset(bench, name);
    case 13:
      return bench.settle();
    default:
      return produce(bench, name);
  }
}

TEST(Replay, GivesTheStateThatTheLiveBrokerHad) {
  bool checkpoints_were_used = false;
  size_t largest = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(seed);
    testing::TemporaryFolder folder;
    Bench bench(folder.path(), seed);
    for (int i = 0; i < 400; ++i) do_something(bench);
    bench.settle();
    EXPECT_EQ(bench.answers, bench.requests());
    const ByteBuffer live = bench.state().checkpoint();
    largest = std::max(largest, live.size());
    EXPECT_EQ(bench.state_after_restart(), live);
    checkpoints_were_used |= bench.checkpoint_position().value > 0;
  }
  EXPECT_TRUE(checkpoints_were_used);
  EXPECT_GT(largest, 500u) << "there was something to compare";
}

TEST(Replay, ACheckpointCutAnywhereIsRefused) {
  testing::TemporaryFolder folder;
  Bench bench(folder.path(), 3);
  for (int i = 0; i < 100; ++i) do_something(bench);
  const ByteBuffer whole = bench.state().checkpoint();
  for (size_t length = 0; length < whole.size(); length += 7) {
    State state;
    EXPECT_FALSE(state.load(ByteView(whole).first(length), 1).has_value()) << length;
  }
  State state;
  ASSERT_TRUE(state.load(whole, 1).has_value());
  EXPECT_EQ(state.checkpoint(), whole);
  ByteBuffer later_version = whole;
  later_version[0] = std::byte{9};
  State other;
  const Status refused = other.load(later_version, 1);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::version_unknown);
}

TEST(Replay, StateRecordsReadBackAndNoPrefixOfOnePasses) {
  const TopicId id{{std::byte{1}, std::byte{2}}};
  const StateRecord records[] = {
      ClusterCreated{"cluster"},
      TopicCreated{id, "topic", 4, 2, {{"retention.ms", "5"}}},
      TopicDeleted{id},
      PartitionsAdded{id, 9, 3},
      TopicConfigured{id, {{"a", "b"}}},
      BrokerConfigured{{{"c", "d"}}},
      LogStartMoved{7, 99},
      coordinator::OffsetsCommitted{"g", {{"t", 1, {5, 0, 6, "m"}}}},
      coordinator::ProducerIdsReserved{1000},
      coordinator::TransactionalIdTaken{"tx", 7, 3, 2, 5, 60'000, 99},
      coordinator::TransactionGrew{7, true, {3, 4}, {"g", "h"}, 99},
      coordinator::TransactionPrepared{7, true, 4, 3, 8, 99},
      coordinator::TransactionCompleted{7, 99},
      coordinator::TransactionOffsetsStored{7, {"g", {{"t", 1, {5, 0, 6, "m"}}}}},
      coordinator::TransactionalIdForgotten{"tx"},
  };
  for (const StateRecord& record : records) {
    const ByteBuffer bytes = encode(record);
    const auto decoded = decode_state_record(bytes);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->index(), record.index());
    EXPECT_EQ(encode(*decoded), bytes);
    for (size_t length = 0; length < bytes.size(); ++length) {
      EXPECT_FALSE(decode_state_record(ByteView(bytes).first(length)).has_value()) << length;
    }
  }
}

}  // namespace
}  // namespace holdfast::broker
