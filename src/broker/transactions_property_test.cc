#include <gtest/gtest.h>
#include <random>

#include "broker/core_for_tests.h"
#include "broker/transaction_client_for_tests.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Values = std::multiset<std::string>;
constexpr int kPartitions = 3;
constexpr int32_t kTimeoutMs = 5'000;

/// One transactional producer as it sees itself.
struct Actor {
  std::string name;
  bool implicit = false;  // speaks TV2
  int64_t producer_id = -1;
  int16_t epoch = -1;
  std::map<int32_t, int32_t> sequences;
  Values written;  // in the open transaction, as far as it was told
  std::optional<int64_t> offset;
};

/// What was committed, and in which frame of the log it began and was acknowledged.
struct Commit {
  size_t began = 0;
  size_t acknowledged = 0;
  Values values;
};

wire::FetchRequest everything_committed() {
  auto request = TransactionClient::fetch_request("t", 0, true, 0);
  auto& partitions = request.topics.at(0).partitions;
  for (int32_t i = 1; i < kPartitions; ++i) {
    partitions.push_back(partitions.front());
    partitions.back().partition = i;
  }
  return request;
}

Values visible(TestCore& core) {
  Values values;
  const auto response = core.call<wire::FetchResponse>(everything_committed(), 12);
  for (const auto& partition : response.responses.at(0).partitions) {
    for (auto& value : TransactionClient::committed_in(partition, 0)) values.insert(value);
  }
  return values;
}

/// Producers of both protocols that do whatever comes to their minds, one request at a time.
class World {
 public:
  explicit World(uint32_t seed) : chance_(seed) {
    core.call<wire::CreateTopicsResponse>(create_topic("t", kPartitions), 7);
    for (int i = 0; i < 4; ++i) {
      actors_.push_back({.name = "tx" + std::to_string(i),
                         .implicit = i % 2 == 0,
                         .sequences = {},
                         .written = {},
                         .offset = {}});
      init(actors_.back());
    }
  }

  void step() {
    Actor& actor = actors_[below(actors_.size())];
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
        return write(actor);
      case 5:
        return store_offset(actor);
      case 6:
      case 7:
        return end(actor, true);
      case 8:
        return end(actor, false);
      case 9:
        return init(actor);
      case 10:
        return core.pass(static_cast<int64_t>(below(2'000)));
      default:
        return core.settle();
    }
  }

  TestCore core;
  std::vector<Commit> commits;
  std::set<int64_t> committed_offsets{-1};

 private:
  size_t below(size_t bound) { return chance_() % bound; }

  void init(Actor& actor) {
    wire::InitProducerIdRequest request;
    request.transactional_id = actor.name;
    request.transaction_timeout_ms = kTimeoutMs;
    const auto response = core.call<wire::InitProducerIdResponse>(request, 4);
    ASSERT_EQ(response.error_code, Code::none);
    actor.producer_id = response.producer_id;
    actor.epoch = response.producer_epoch;
    begin_again(actor);
    actor.sequences.clear();
  }
  static void begin_again(Actor& actor) {
    actor.written.clear();
    actor.offset.reset();
  }

  bool announce(const Actor& actor, int32_t partition) {
    if (actor.implicit) return true;
    wire::AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = actor.name;
    request.v3_and_below_producer_id = actor.producer_id;
    request.v3_and_below_producer_epoch = actor.epoch;
    request.v3_and_below_topics.push_back({"t", {partition}});
    const auto response = core.call<wire::AddPartitionsToTxnResponse>(request, 3);
    return response.results_by_topic_v3_and_below.at(0)
               .results_by_partition.at(0)
               .partition_error_code == Code::none;
  }

  void write(Actor& actor) {
    const auto partition = static_cast<int32_t>(below(kPartitions));
    if (!announce(actor, partition)) return init(actor);
    const std::string value = actor.name + "-" + std::to_string(values_++);
    const ByteBuffer batch = make_batch({value}, {.producer_id = actor.producer_id,
                                                  .epoch = actor.epoch,
                                                  .sequence = actor.sequences[partition],
                                                  .transactional = true});
    wire::ProduceRequest request;
    request.transactional_id = actor.name;
    request.acks = -1;
    request.timeout_ms = 1000;
    request.topic_data.push_back({"t", {}, {{partition, batch}}});
    const auto response = core.call<wire::ProduceResponse>(request, actor.implicit ? 12 : 9);
    const Code code = response.responses.at(0).partition_responses.at(0).error_code;
    if (code != Code::none) return init(actor);  // it took too long meanwhile
    ++actor.sequences[partition];
    actor.written.insert(value);
  }

  void store_offset(Actor& actor) {
    if (!actor.implicit) {
      const wire::AddOffsetsToTxnRequest request{actor.name, actor.producer_id, actor.epoch, "g"};
      if (core.call<wire::AddOffsetsToTxnResponse>(request, 3).error_code != Code::none)
        return init(actor);
    }
    wire::TxnOffsetCommitRequest request;
    request.transactional_id = actor.name;
    request.group_id = "g";
    request.producer_id = actor.producer_id;
    request.producer_epoch = actor.epoch;
    request.topics.push_back({"t", {{0, ++offsets_, -1, {}}}});
    const auto response = core.call<wire::TxnOffsetCommitResponse>(request, actor.implicit ? 5 : 3);
    if (response.topics.at(0).partitions.at(0).error_code != Code::none) return init(actor);
    actor.offset = offsets_;
  }

  void end(Actor& actor, bool commit) {
    const wire::EndTxnRequest request{actor.name, actor.producer_id, actor.epoch, commit};
    const int16_t version = actor.implicit ? 5 : 3;
    const size_t began = core.frames().size();
    const auto response = core.call<wire::EndTxnResponse>(request, version);
    if (response.error_code != Code::none) return init(actor);
    // Asked again it answers alike and does nothing.
    const size_t frames = core.frames().size();
    const auto again = core.call<wire::EndTxnResponse>(request, version);
    EXPECT_EQ(again.error_code, Code::none);
    EXPECT_EQ(again.producer_epoch, response.producer_epoch);
    EXPECT_EQ(core.frames().size(), frames);
    if (commit) {
      commits.push_back({began, frames, actor.written});
      if (actor.offset) committed_offsets.insert(*actor.offset);
    }
    begin_again(actor);
    if (!actor.implicit) return;
    actor.producer_id = response.producer_id;
    actor.epoch = response.producer_epoch;
    actor.sequences.clear();
  }

  std::mt19937 chance_;
  std::vector<Actor> actors_;
  int values_ = 0;
  int64_t offsets_ = 0;
};

/// Nothing may stay open for longer than its time-out.
void wait_for_all(TestCore& core) {
  for (int i = 0; i < 3; ++i) {
    core.pass(kTimeoutMs);
    core.settle();
  }
  for (const auto& [id, transaction] : core.state().transactions().all()) {
    EXPECT_FALSE(transaction.prepared()) << id;
    EXPECT_NE(transaction.state, coordinator::TransactionState::ongoing) << id;
  }
  for (const auto& partition : core.state().topic("t")->partitions)
    EXPECT_EQ(partition->last_stable_offset, partition->end);
  EXPECT_EQ(core.state().pending_offsets().size(), 0u);
}

/// What readers of committed records see of a log that ends behind these frames: all that was
/// acknowledged, nothing undecided, and what was on its way wholly or not at all.
void check_restart_behind(const World& world, std::span<const TestCore::Frame> frames) {
  TestCore restarted({}, frames);
  wait_for_all(restarted);
  Values sure;
  Values on_its_way;
  for (const Commit& commit : world.commits) {
    if (commit.acknowledged <= frames.size())
      sure.insert(commit.values.begin(), commit.values.end());
    else if (commit.began < frames.size())
      on_its_way.insert(commit.values.begin(), commit.values.end());
  }
  const Values seen = visible(restarted);
  if (seen == sure) return;
  sure.insert(on_its_way.begin(), on_its_way.end());
  EXPECT_EQ(seen, sure) << "behind frame " << frames.size();
}

class TransactionHistories : public ::testing::TestWithParam<uint32_t> {};

TEST_P(TransactionHistories, AreTheSameForReadersBeforeAndBehindACutAtEveryFrame) {
  World world(GetParam());
  for (int i = 0; i < 120; ++i) world.step();
  world.core.settle();
  ASSERT_GT(world.commits.size(), 3u);
  const auto frames = world.core.frames();
  EXPECT_EQ(world.core.replayed_state(), world.core.state().checkpoint());
  for (size_t cut = 2; cut <= frames.size(); cut += 3)
    check_restart_behind(world, {frames.data(), cut});
  wait_for_all(world.core);
  Values committed;
  for (const Commit& commit : world.commits)
    committed.insert(commit.values.begin(), commit.values.end());
  EXPECT_EQ(visible(world.core), committed);
  const auto* offset = world.core.state().offsets().find("g", "t", 0);
  EXPECT_TRUE(world.committed_offsets.contains(offset ? offset->offset : -1));
  EXPECT_EQ(world.core.replayed_state(), world.core.state().checkpoint());
}

TEST_P(TransactionHistories, AreTheSameFromACheckpointAndTheFramesBehindIt) {
  World world(GetParam() + 1000);
  for (int i = 0; i < 80; ++i) world.step();
  world.core.settle();
  const size_t behind = world.core.frames().size();
  const ByteBuffer checkpoint = world.core.state().checkpoint();
  for (int i = 0; i < 80; ++i) world.step();
  world.core.settle();
  EXPECT_EQ(world.core.replayed_state(checkpoint, behind), world.core.state().checkpoint());
}

INSTANTIATE_TEST_SUITE_P(Seeds, TransactionHistories, ::testing::Range(uint32_t{1}, uint32_t{13}));

}  // namespace
}  // namespace holdfast::broker
