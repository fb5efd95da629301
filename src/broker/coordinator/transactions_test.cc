#include "broker/coordinator/transactions.h"

#include <gtest/gtest.h>

namespace holdfast::broker::coordinator {
namespace {

using Code = wire::ErrorCode;
using State = TransactionState;
constexpr int32_t kTimeoutMs = 1000;
constexpr int64_t kFreshId = 900;

/// Carries out what is decided, as the broker would.
class Coordinator {
 public:
  Transactions::InitDecision init(int64_t producer_id = -1, int16_t epoch = -1) {
    auto decision = machine.init({"tx", producer_id, epoch}, kTimeoutMs, fresh_id_, now_ms);
    if (decision.fence) finish(*decision.fence);
    if (decision.record) {
      EXPECT_TRUE(machine.replay(*decision.record));
      if (decision.uses_fresh_id) ++fresh_id_;
    }
    return decision;
  }
  void grow(bool implicit) {
    const uint32_t partition = 1;
    const auto record = machine.grow(owner(), {&partition, 1}, {}, implicit, now_ms);
    ASSERT_TRUE(record.has_value());
    ASSERT_TRUE(machine.replay(*record));
  }
  Transactions::EndDecision end(const Transactions::Owner& by, bool commit, bool implicit) {
    auto decision = machine.end(by, commit, implicit, fresh_id_, now_ms);
    if (decision.record) finish(*decision.record);
    if (decision.uses_fresh_id) ++fresh_id_;
    return decision;
  }
  void finish(const TransactionPrepared& record) {
    EXPECT_TRUE(machine.replay(record));
    machine.marked(record.producer_id, 1);
    EXPECT_TRUE(machine.replay(TransactionCompleted{record.producer_id, now_ms}));
  }
  /// As if so many transactions had been before.
  void take_epoch(int16_t epoch) {
    TransactionalIdTaken record{.id = "tx",
                                .producer_id = transaction().producer_id,
                                .producer_epoch = epoch,
                                .timeout_ms = kTimeoutMs,
                                .time_ms = now_ms};
    ASSERT_TRUE(machine.replay(record));
  }
  const Transaction& transaction() const { return *machine.find("tx"); }
  Transactions::Owner owner() const {
    return {"tx", transaction().producer_id, transaction().producer_epoch};
  }

  Transactions machine;
  int64_t now_ms = 5000;

 private:
  int64_t fresh_id_ = kFreshId;
};

/// The table of KIP-890, behind each state in which nothing is open.
TEST(Transactions, AnEndThatMeetsNoOpenTransactionIsAnsweredAsKip890Says) {
  struct Row {
    State state;
    bool commit, retry, implicit;
    Code code;
    bool bumps = false;
  };
  const Row rows[] = {
      {State::empty, false, true, true, Code::producer_fenced},
      {State::empty, false, false, true, Code::none, true},
      {State::empty, true, true, true, Code::producer_fenced},
      {State::empty, true, false, true, Code::invalid_txn_state},
      {State::complete_abort, false, true, true, Code::none},
      {State::complete_abort, false, false, true, Code::none, true},
      {State::complete_abort, true, true, true, Code::invalid_txn_state},
      {State::complete_abort, true, false, true, Code::invalid_txn_state},
      {State::complete_commit, false, true, true, Code::invalid_txn_state},
      {State::complete_commit, false, false, true, Code::none, true},
      {State::complete_commit, true, true, true, Code::none},
      {State::complete_commit, true, false, true, Code::invalid_txn_state},
      // TV1 keeps the epoch, and one that does not match is fenced.
      {State::empty, false, false, false, Code::invalid_txn_state},
      {State::empty, true, false, false, Code::invalid_txn_state},
      {State::complete_abort, false, false, false, Code::none},
      {State::complete_abort, true, false, false, Code::invalid_txn_state},
      {State::complete_commit, true, false, false, Code::none},
      {State::complete_commit, false, false, false, Code::invalid_txn_state},
      {State::complete_commit, true, true, false, Code::producer_fenced},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(::testing::Message()
                 << name(row.state) << (row.commit ? " commit" : " abort")
                 << (row.retry ? " retry" : " current") << (row.implicit ? " TV2" : " TV1"));
    Coordinator c;
    c.init();
    c.init();
    if (row.state != State::empty) {
      c.grow(true);
      ASSERT_EQ(c.end(c.owner(), row.state == State::complete_commit, true).code, Code::none);
    }
    ASSERT_EQ(c.transaction().state, row.state);
    const auto before = c.owner();
    auto by = before;
    by.producer_epoch = static_cast<int16_t>(by.producer_epoch - (row.retry ? 1 : 0));
    EXPECT_EQ(c.end(by, row.commit, row.implicit).code, row.code);
    EXPECT_EQ(c.transaction().producer_epoch, before.producer_epoch + (row.bumps ? 1 : 0));
  }
}

TEST(Transactions, WhenTheEpochsAreUsedUpTheNextTransactionHasANewProducerId) {
  Coordinator c;
  c.init();
  c.take_epoch(last_producer_epoch);
  c.grow(true);
  const auto before = c.owner();
  const auto ended = c.end(before, true, true);
  EXPECT_EQ(ended.code, Code::none);
  EXPECT_NE(ended.producer_id, before.producer_id);
  EXPECT_EQ(ended.producer_epoch, 0);
  EXPECT_EQ(c.transaction().producer_id, ended.producer_id);
  EXPECT_EQ(c.transaction().state, State::complete_commit);
  const auto again = c.end(before, true, true);
  EXPECT_EQ(again.code, Code::none) << "the answer was lost";
  EXPECT_EQ(again.producer_id, ended.producer_id);
  EXPECT_FALSE(again.record);
  c.grow(true);
  EXPECT_EQ(c.end(before, true, true).code, Code::producer_fenced) << "the next one is open";
}

TEST(Transactions, AFenceIsPossibleAlsoWhenTheEpochsAreUsedUp) {
  for (const bool implicit : {true, false}) {
    Coordinator c;
    c.init();
    c.take_epoch(last_producer_epoch);
    c.grow(implicit);
    const auto before = c.owner();
    EXPECT_TRUE(c.init().fence.has_value());
    EXPECT_EQ(c.transaction().state, State::complete_abort);
    EXPECT_EQ(c.machine.judge(before), Code::producer_fenced);
    const auto taken = c.init();
    ASSERT_TRUE(taken.record.has_value());
    EXPECT_NE(taken.record->producer_id, before.producer_id);
    EXPECT_EQ(taken.record->producer_epoch, 0);
    EXPECT_EQ(c.machine.judge(before), Code::invalid_producer_id_mapping);
  }
}

TEST(Transactions, AProducerThatGoesOnGetsTheNextEpochOnceHoweverOftenItAsks) {
  Coordinator c;
  c.init();
  const auto before = c.owner();
  const auto first = c.init(before.producer_id, before.producer_epoch);
  ASSERT_TRUE(first.record.has_value());
  EXPECT_EQ(first.record->producer_epoch, before.producer_epoch + 1);
  const auto again = c.init(before.producer_id, before.producer_epoch);
  ASSERT_TRUE(again.record.has_value());
  EXPECT_EQ(again.record->producer_epoch, first.record->producer_epoch);
  c.init();  // a successor, who says nothing of himself
  EXPECT_EQ(c.init(before.producer_id, before.producer_epoch).code, Code::producer_fenced);
  EXPECT_EQ(c.init(before.producer_id + 5, 0).code, Code::producer_fenced);
}

TEST(Transactions, AnOwnerWhoGoesOnOverHisOpenTransactionGetsTheNextEpochHoweverOftenHeAsks) {
  for (const bool implicit : {true, false}) {
    for (const int16_t epoch : {int16_t{3}, last_producer_epoch}) {
      SCOPED_TRACE(::testing::Message() << (implicit ? "TV2, epoch " : "TV1, epoch ") << epoch);
      Coordinator c;
      c.init();
      c.take_epoch(epoch);
      c.grow(implicit);
      const auto before = c.owner();
      EXPECT_TRUE(c.init(before.producer_id, before.producer_epoch).fence.has_value());
      const auto first = c.init(before.producer_id, before.producer_epoch);
      const auto again = c.init(before.producer_id, before.producer_epoch);
      ASSERT_TRUE(first.record && again.record);
      const bool used_up = epoch == last_producer_epoch;
      EXPECT_EQ(first.record->producer_epoch, used_up ? 0 : epoch + 1);
      EXPECT_EQ(first.record->producer_id != before.producer_id, used_up);
      EXPECT_EQ(again.record->producer_epoch, first.record->producer_epoch);
      EXPECT_EQ(again.record->producer_id, first.record->producer_id);
      c.grow(implicit);
      EXPECT_EQ(c.init(before.producer_id, before.producer_epoch).code, Code::producer_fenced)
          << "late: the next transaction is open";
      EXPECT_EQ(c.transaction().state, State::ongoing);
    }
  }
}

TEST(Transactions, AnOwnerWhoseTransactionTookTooLongMayGoOnUntilHeHasASuccessor) {
  for (const bool implicit : {true, false}) {
    Coordinator c;
    c.init();
    c.grow(implicit);
    const auto before = c.owner();
    c.finish(Transactions::time_out(c.transaction(), c.now_ms));
    EXPECT_EQ(c.machine.judge(before), Code::producer_fenced);
    const auto taken = c.init(before.producer_id, before.producer_epoch);
    ASSERT_TRUE(taken.record.has_value());
    EXPECT_EQ(taken.record->producer_epoch, before.producer_epoch + 1);
    c.init();
    EXPECT_EQ(c.init(before.producer_id, before.producer_epoch).code, Code::producer_fenced);
  }
}

TEST(Transactions, OnlyIdsWithoutATransactionExpire) {
  Coordinator c;
  c.init();
  EXPECT_TRUE(c.machine.expired(c.now_ms).empty());
  EXPECT_EQ(c.machine.expired(c.now_ms + 1).size(), 1u);
  c.grow(true);
  EXPECT_TRUE(c.machine.expired(c.now_ms + 1).empty());
  c.end(c.owner(), true, true);
  const auto expired = c.machine.expired(c.now_ms + 1);
  ASSERT_EQ(expired.size(), 1u);
  const auto before = c.owner();
  EXPECT_TRUE(c.machine.replay(expired.front()));
  EXPECT_EQ(c.machine.judge(before), Code::invalid_producer_id_mapping);
  EXPECT_FALSE(c.machine.replay(expired.front())) << "there is nothing to forget";
}

}  // namespace
}  // namespace holdfast::broker::coordinator
