#include <functional>

#include "broker/client_for_tests.h"
#include "broker/core_for_tests.h"
#include "wire/messages/end_txn.h"
#include "wire/messages/fetch.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/produce.h"
#include "wire/messages/txn_offset_commit.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Frames = std::vector<TestCore::Frame>;
constexpr int kPartitions = 3;

/// What became of a transaction over three partitions and a group's offset.
struct Outcome {
  int committed = 0;  // partitions
  int aborted = 0;
  int open = 0;
  bool offset_counts = false;
  bool operator==(const Outcome&) const = default;
};
constexpr Outcome kCommitted{kPartitions, 0, 0, true};
constexpr Outcome kAborted{0, kPartitions, 0, false};
constexpr Outcome kOpen{0, 0, kPartitions, false};

void PrintTo(const Outcome& o, std::ostream* out) {
  *out << o.committed << " committed, " << o.aborted << " aborted, " << o.open << " open, offset "
       << (o.offset_counts ? "counts" : "does not count");
}

Outcome outcome(TestCore& core) {
  Outcome found;
  for (const auto& partition : core.state().topic("t")->partitions) {
    EXPECT_EQ(partition->high_watermark, partition->end);
    if (partition->last_stable_offset < partition->end) {
      ++found.open;
      continue;
    }
    int ranges = 0;
    if (partition->transactions)
      partition->transactions->for_aborted(0, partition->end, [&](const auto&) { ++ranges; });
    ++(ranges > 0 ? found.aborted : found.committed);
  }
  found.offset_counts = core.state().offsets().find("g", "t", 0) != nullptr;
  return found;
}

wire::InitProducerIdResponse init(TestCore& core) {
  wire::InitProducerIdRequest request;
  request.transactional_id = "tx";
  request.transaction_timeout_ms = 60'000;
  return core.call<wire::InitProducerIdResponse>(request, 4);
}

/// One partition after the other, so that little is on its way at a time.
void write_everywhere(TestCore& core, int64_t producer_id, int16_t epoch) {
  const ByteBuffer batch = make_batch(
      {"v"}, {.producer_id = producer_id, .epoch = epoch, .sequence = 0, .transactional = true});
  for (int32_t partition = 0; partition < kPartitions; ++partition) {
    wire::ProduceRequest request;
    request.transactional_id = "tx";
    request.acks = -1;
    request.timeout_ms = 1000;
    request.topic_data.push_back({"t", {}, {{partition, batch}}});
    const auto response = core.call<wire::ProduceResponse>(request, 12);
    ASSERT_EQ(response.responses.at(0).partition_responses.at(0).error_code, Code::none);
  }
}

/// A topic, and a transaction that is open in all of its partitions and in a group.
wire::InitProducerIdResponse begin(TestCore& core) {
  core.call<wire::CreateTopicsResponse>(create_topic("t", kPartitions), 7);
  const auto owner = init(core);
  write_everywhere(core, owner.producer_id, owner.producer_epoch);
  wire::TxnOffsetCommitRequest offsets;
  offsets.transactional_id = "tx";
  offsets.group_id = "g";
  offsets.producer_id = owner.producer_id;
  offsets.producer_epoch = owner.producer_epoch;
  offsets.topics.push_back({"t", {{0, 7, -1, {}}}});
  const auto stored = core.call<wire::TxnOffsetCommitResponse>(offsets, 5);
  EXPECT_EQ(stored.topics.at(0).partitions.at(0).error_code, Code::none);
  EXPECT_EQ(outcome(core), kOpen);
  return owner;
}

wire::EndTxnRequest end_request(const wire::InitProducerIdResponse& owner, bool commit) {
  return {"tx", owner.producer_id, owner.producer_epoch, commit};
}

/// The ways in which a transaction ends.
struct Ending {
  const char* name;
  Outcome outcome;
  std::function<void(TestCore&, const wire::InitProducerIdResponse&)> take;
};
const Ending kEndings[] = {
    {"commit", kCommitted,
     [](TestCore& core, const auto& owner) { core.send(end_request(owner, true), 5); }},
    {"commit with TV1", kCommitted,
     [](TestCore& core, const auto& owner) { core.send(end_request(owner, true), 1); }},
    {"abort", kAborted,
     [](TestCore& core, const auto& owner) { core.send(end_request(owner, false), 5); }},
    {"time-out", kAborted, [](TestCore& core, const auto&) { core.pass(60'001); }},
    {"a successor", kAborted,
     [](TestCore& core, const auto&) {
       wire::InitProducerIdRequest request;
       request.transactional_id = "tx";
       request.transaction_timeout_ms = 60'000;
       core.send(request, 4);
     }},
};

Frames first(const Frames& frames, size_t count) {
  return {frames.begin(), frames.begin() + static_cast<ptrdiff_t>(count)};
}

TEST(TransactionCrash, ACutBetweenAnyTwoFramesLeavesATransactionThatHasWhollyEndedOrNotAtAll) {
  for (const Ending& ending : kEndings) {
    TestCore core;
    const auto owner = begin(core);
    const size_t before = core.frames().size();
    ending.take(core, owner);
    core.settle();
    EXPECT_EQ(outcome(core), ending.outcome) << ending.name;
    EXPECT_EQ(core.replayed_state(), core.state().checkpoint()) << ending.name;
    const Frames all = core.frames();
    ASSERT_GE(all.size(), before + 5) << "decision, markers, completion";
    for (size_t cut = before; cut <= all.size(); ++cut) {
      SCOPED_TRACE(::testing::Message() << ending.name << ", " << cut - before << " frames kept");
      TestCore restarted({}, first(all, cut));
      restarted.pass(0);
      restarted.settle();
      EXPECT_EQ(outcome(restarted), cut == before ? kOpen : ending.outcome);
      EXPECT_EQ(restarted.replayed_state(), restarted.state().checkpoint());
      if (cut == before) {
        restarted.pass(60'001);
        restarted.settle();
        EXPECT_EQ(outcome(restarted), kAborted) << "the clock goes on after the restart";
      }
      // The recovery itself may be cut as well.
      const Frames recovered = restarted.frames();
      for (size_t again = cut; again < recovered.size(); ++again) {
        TestCore twice({}, first(recovered, again));
        twice.pass(0);
        twice.settle();
        EXPECT_EQ(outcome(twice), again == before ? kOpen : outcome(restarted));
      }
      // The id works on, and the one before is fenced.
      const auto next = init(restarted);
      EXPECT_EQ(next.error_code, Code::none);
      write_everywhere(restarted, next.producer_id, next.producer_epoch);
      EXPECT_EQ(restarted.call<wire::EndTxnResponse>(end_request(owner, true), 5).error_code,
                Code::producer_fenced);
      EXPECT_EQ(restarted.call<wire::EndTxnResponse>(end_request(next, true), 5).error_code,
                Code::none);
    }
  }
}

TEST(TransactionCrash, AllFramesOfAnEndingGoToTheDiskInOneFlush) {
  for (const Ending& ending : kEndings) {
    TestCore core;
    const auto owner = begin(core);
    const int flushes = core.flushes;
    ending.take(core, owner);
    core.settle();
    EXPECT_EQ(core.flushes - flushes, 1) << ending.name;
  }
}

TEST(TransactionCrash, TheAnswerToACommitAndItsRecordsAreSeenOnlyOnceAllOfItIsDurable) {
  TestCore core;
  const auto owner = begin(core);
  const uint64_t sequence = core.send(end_request(owner, true), 5);
  EXPECT_FALSE(core.answered(sequence));
  EXPECT_EQ(core.state().topic("t")->partition(0)->last_stable_offset, 0);
  core.settle();
  EXPECT_EQ(core.receive<wire::EndTxnResponse>(sequence, 5).error_code, Code::none);
  EXPECT_EQ(core.state().topic("t")->partition(0)->last_stable_offset, 2);
}

/// The log takes only so much at a time, so an append fails in the middle of an ending; it is
/// carried through later.
TEST(TransactionCrash, AnEndingThatTheLogTakesOnlyInPartIsCarriedThroughLater) {
  std::set<size_t> left_over;  // frames that did not fit
  for (uint64_t room = 480; room <= 1024; room += 16) {
    for (const bool commit : {true, false}) {
      SCOPED_TRACE(::testing::Message() << room << (commit ? " commit" : " abort"));
      TestCore core(TestCore::Options{.pending_bytes_max = room});
      const auto owner = begin(core);
      const size_t before = core.frames().size();
      const uint64_t sequence = core.send(end_request(owner, commit), 5);
      core.settle();
      ASSERT_TRUE(core.answered(sequence));
      const size_t kept = core.frames().size() - before;
      left_over.insert(5 - std::min<size_t>(kept, 5));
      if (core.receive<wire::EndTxnResponse>(sequence, 5).error_code != Code::none) {
        EXPECT_EQ(kept, 0u) << "nothing was decided";
        EXPECT_EQ(core.call<wire::EndTxnResponse>(end_request(owner, commit), 5).error_code,
                  Code::none);
      }
      for (int i = 0; i < 10; ++i) {
        core.pass(100);
        core.settle();
      }
      EXPECT_EQ(outcome(core), commit ? kCommitted : kAborted);
      EXPECT_EQ(core.core().transactions().next_deadline_ms() > core.now.steady_ms, true);
      EXPECT_EQ(core.replayed_state(), core.state().checkpoint());
    }
  }
  EXPECT_GE(left_over.size(), 3u) << "appends failed at several places";
}

}  // namespace
}  // namespace holdfast::broker
