#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "broker/transaction_client_for_tests.h"
#include "wire/messages/delete_groups.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/offset_delete.h"
#include "wire/messages/sync_group.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Values = std::vector<std::string>;

/// What else may happen while a transaction is open.
class TransactionRules : public WithBroker<TransactionClient> {
 protected:
  TransactionRules() {
    settings_.segment_bytes = 1 << 20;
    settings_.groups.initial_rebalance_delay_ms = 0;
  }
  void remove_topic(std::string_view name) {
    wire::DeleteTopicsRequest request;
    request.topic_names.push_back(name);
    EXPECT_EQ(client_->call<wire::DeleteTopicsResponse>(request, 4).responses.at(0).error_code,
              Code::none);
  }
};

TEST_F(TransactionRules, ATopicThatIsDeletedLeavesTheRestOfTheTransactionAlone) {
  auto& c = *client_;
  c.create("gone", 2);
  c.create("kept", 1);
  Producer p = c.init("tx");
  EXPECT_EQ(c.write(p, "gone", {"a"}, 1), Code::none);
  EXPECT_EQ(c.write(p, "kept", {"b"}), Code::none);
  EXPECT_EQ(c.store_offset(p, "g", "gone", 0, 3), Code::none);
  EXPECT_EQ(c.store_offset(p, "g", "kept", 0, 4), Code::none);
  remove_topic("gone");
  EXPECT_EQ(c.write(p, "gone", {"c"}, 1), Code::unknown_topic_or_partition);
  EXPECT_EQ(c.end(p, true), Code::none);
  c.create("gone", 2);
  EXPECT_EQ(c.committed("gone", 1), Values{});
  EXPECT_EQ(c.fetch("gone", 0, true, 1).last_stable_offset, 0);
  EXPECT_EQ(c.committed("kept"), Values{"b"});
  EXPECT_EQ(c.offset_of("g", "gone", 0, true), (std::pair{Code::none, int64_t{-1}}));
  EXPECT_EQ(c.offset_of("g", "kept", 0, true), (std::pair{Code::none, int64_t{4}}));
  restart();
  EXPECT_EQ(client_->committed("kept"), Values{"b"});
  EXPECT_EQ(client_->offset_of("g", "kept", 0, true), (std::pair{Code::none, int64_t{4}}));
}

TEST_F(TransactionRules, ATransactionWhoseOnlyTopicIsDeletedEndsAllTheSame) {
  for (const int version : {1, 2}) {
    auto& c = *client_;
    c.create("gone", 1);
    Producer p = c.init("tx", 60'000, version);
    if (version == 1) {
      EXPECT_EQ(c.announce(p, "gone", 0), Code::none);
    }
    EXPECT_EQ(c.write(p, "gone", {"a"}), Code::none);
    remove_topic("gone");
    EXPECT_EQ(c.end(p, true), Code::none) << version;
    EXPECT_EQ(c.try_init("tx", 1000), Code::none);
  }
}

TEST_F(TransactionRules, DeletedOffsetsDoNotComeBackWithTheCommit) {
  auto& c = *client_;
  c.create("t", 2);
  Producer p = c.init("tx");
  EXPECT_EQ(c.store_offset(p, "deleted-group", "t", 0, 3), Code::none);
  EXPECT_EQ(c.store_offset(p, "g", "t", 0, 4), Code::none);
  EXPECT_EQ(c.store_offset(p, "g", "t", 1, 5), Code::none);
  const auto removed =
      c.call<wire::DeleteGroupsResponse>(wire::DeleteGroupsRequest{{"deleted-group"}}, 2);
  EXPECT_EQ(removed.results.at(0).error_code, Code::none);
  wire::OffsetDeleteRequest offsets;
  offsets.group_id = "g";
  offsets.topics.push_back({"t", {{1}}});
  EXPECT_EQ(c.call<wire::OffsetDeleteResponse>(offsets, 0).error_code, Code::none);
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(c.offset_of("deleted-group", "t", 0, true), (std::pair{Code::none, int64_t{-1}}));
  EXPECT_EQ(c.offset_of("g", "t", 0, true), (std::pair{Code::none, int64_t{4}}));
  EXPECT_EQ(c.offset_of("g", "t", 1, true), (std::pair{Code::none, int64_t{-1}}));
}

TEST_F(TransactionRules, ACommitWithoutRecordsOrOfOffsetsAloneIsACommit) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("tx", 60'000, 1);
  EXPECT_EQ(c.announce(p, "t", 0), Code::none);
  EXPECT_EQ(c.end(p, true), Code::none) << "announced, but nothing written";
  EXPECT_EQ(c.announce_group(p, "g"), Code::none);
  EXPECT_EQ(c.end(p, true), Code::none);
  Producer q = c.init("tx2");
  EXPECT_EQ(c.store_offset(q, "g", "t", 0, 9), Code::none);
  EXPECT_EQ(c.end(q, true), Code::none);
  EXPECT_EQ(c.offset_of("g", "t", 0, true), (std::pair{Code::none, int64_t{9}}));
}

TEST_F(TransactionRules, OnlyAMemberOfTheCurrentGenerationStoresOffsets) {
  auto& c = *client_;
  c.create("t", 1);
  const auto joined = c.call<wire::JoinGroupResponse>(join_group("g"), 3);
  ASSERT_EQ(joined.error_code, Code::none);
  const std::string member(joined.member_id);
  wire::SyncGroupRequest sync;
  sync.group_id = "g";
  sync.generation_id = joined.generation_id;
  sync.member_id = member;
  ASSERT_EQ(c.call<wire::SyncGroupResponse>(sync, 2).error_code, Code::none);
  const Producer p = c.init("tx");
  const auto store = [&](int32_t generation, std::string_view member_id) {
    wire::TxnOffsetCommitRequest request;
    request.transactional_id = p.transactional_id;
    request.group_id = "g";
    request.producer_id = p.id;
    request.producer_epoch = p.epoch;
    request.generation_id = generation;
    request.member_id = member_id;
    request.topics.push_back({"t", {{0, 1, -1, {}}}});
    return c.call<wire::TxnOffsetCommitResponse>(request, 5)
        .topics.at(0)
        .partitions.at(0)
        .error_code;
  };
  EXPECT_EQ(store(joined.generation_id - 1, member), Code::illegal_generation);
  EXPECT_EQ(store(joined.generation_id + 1, member), Code::illegal_generation);
  EXPECT_EQ(store(joined.generation_id, "nobody"), Code::unknown_member_id);
  EXPECT_EQ(store(joined.generation_id, member), Code::none);
  EXPECT_EQ(store(-1, ""), Code::none) << "clients before KIP-447 say nothing";
}

TEST_F(TransactionRules, BrokersAskForSeveralTransactionsAtOnce) {
  auto& c = *client_;
  c.create("t", 2);
  Producer one = c.init("one", 60'000, 1);
  const Producer two = c.init("two", 60'000, 1);
  EXPECT_EQ(c.announce(one, "t", 0), Code::none);
  wire::AddPartitionsToTxnRequest request;
  const auto ask = [&](const Producer& p, bool verify_only, std::vector<int32_t> partitions) {
    request.transactions.push_back(
        {p.transactional_id, p.id, p.epoch, verify_only, {{"t", std::move(partitions)}}});
  };
  ask(one, true, {0, 1});
  ask(two, true, {0});
  Producer fenced = two;
  fenced.epoch -= 1;
  ask(fenced, true, {0});
  ask(two, false, {1});
  const auto response = c.call<wire::AddPartitionsToTxnResponse>(request, 4);
  const auto code = [&](size_t transaction, size_t partition) {
    return response.results_by_transaction.at(transaction)
        .topic_results.at(0)
        .results_by_partition.at(partition)
        .partition_error_code;
  };
  EXPECT_EQ(code(0, 0), Code::none);
  EXPECT_EQ(code(0, 1), Code::transaction_abortable);
  EXPECT_EQ(code(1, 0), Code::transaction_abortable);
  EXPECT_EQ(code(2, 0), Code::producer_fenced);
  EXPECT_EQ(code(3, 0), Code::none);
  Producer of_two = two;
  EXPECT_EQ(c.write(of_two, "t", {"x"}, 1), Code::none) << "it has joined";
}

TEST_F(TransactionRules, AbortedRecordsAreSkippedFromAnyOffsetAcrossSegmentsAndARestart) {
  client_->create("t", 1);
  Producer p = client_->init("tx", 60'000, 2);
  std::map<int64_t, std::string> committed;  // by offset
  int64_t next = 0;
  for (int i = 0; i < 60; ++i) {
    const bool commit = i % 3 != 1;
    const std::string value = std::to_string(i) + std::string(24'000, 'x');
    ASSERT_EQ(client_->write(p, "t", {value, value}), Code::none);
    ASSERT_EQ(client_->end(p, commit), Code::none);
    if (commit) committed[next] = committed[next + 1] = value;
    next += 3;
  }
  for (int run = 0; run < 2; ++run) {
    for (int64_t from = 0; from < next; from += 17) {
      Values expected;
      Values seen;
      for (auto it = committed.lower_bound(from); it != committed.end(); ++it)
        expected.push_back(it->second);
      for (int64_t at = from; at < next;) {
        const auto fetched = client_->fetch("t", at, true);
        ASSERT_EQ(fetched.error_code, Code::none);
        for (auto& value : TransactionClient::committed_in(fetched, at))
          seen.push_back(std::move(value));
        ByteBuffer bytes;
        for (const ByteView part : fetched.records.parts) append(bytes, part);
        ASSERT_FALSE(bytes.empty()) << at;
        for (ByteView rest = bytes; !rest.empty();) {
          const auto batch = record::BatchView::parse(rest);
          ASSERT_TRUE(batch.has_value());
          at = batch->last_offset() + 1;
          rest = rest.subspan(batch->size());
        }
      }
      ASSERT_EQ(seen, expected) << "from " << from;
    }
    restart();
  }
}

/// As Kafka: the order of its checks tells a client whether to send again, to begin anew, or to
/// give up.
TEST_F(TransactionRules, APlainBatchOfAProducerInATransactionIsJudgedBySequenceAndEpochFirst) {
  auto& c = *client_;
  c.create("t", 2);
  c.init("tx");  // so that there is an epoch before
  Producer p = c.init("tx");
  ASSERT_EQ(c.write(p, "t", {"a"}), Code::none);
  const auto plain = [&](int32_t sequence, int epoch, int32_t partition = 0) {
    const ByteBuffer batch = make_batch(
        {"x"}, {.producer_id = p.id, .epoch = static_cast<int16_t>(epoch), .sequence = sequence});
    return c.produce("t", partition, batch, {}, 12);
  };
  EXPECT_EQ(plain(7, p.epoch), Code::out_of_order_sequence_number);
  EXPECT_EQ(plain(1, p.epoch), Code::invalid_txn_state);
  EXPECT_EQ(plain(0, p.epoch), Code::none) << "it is there already";
  EXPECT_EQ(plain(1, p.epoch - 1), Code::invalid_producer_epoch);
  EXPECT_EQ(plain(0, p.epoch + 1), Code::invalid_txn_state);
  EXPECT_EQ(plain(1, p.epoch + 1), Code::out_of_order_sequence_number);
  EXPECT_EQ(plain(0, p.epoch, 1), Code::none) << "its transaction is not open there";
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(c.committed("t"), Values{"a"});
  EXPECT_EQ(c.committed("t", 1), Values{"x"});
}

TEST_F(TransactionRules, WithTv2AProducerOfWhomNothingIsKnownBeginsWithSequence0) {
  auto& c = *client_;
  c.create("t", 1);
  for (const int version : {1, 2}) {
    Producer p = c.init("tx" + std::to_string(version), 60'000, version);
    if (version == 1) {
      ASSERT_EQ(c.announce(p, "t", 0), Code::none);
    }
    p.sequences[{"t", 0}] = 5;  // the batch before it was lost
    EXPECT_EQ(c.write(p, "t", {"late"}),
              version == 1 ? Code::none : Code::out_of_order_sequence_number);
    p.sequences.clear();
    if (version == 2) {
      EXPECT_EQ(c.write(p, "t", {"first"}), Code::none);
    }
    EXPECT_EQ(c.end(p, true), Code::none);
  }
  EXPECT_EQ(c.committed("t"), (Values{"late", "first"}));
}

TEST_F(TransactionRules, WhoTellsAnotherEpochThanTheOwnersDoesNotEndHisTransaction) {
  auto& c = *client_;
  c.create("t", 1);
  c.init("tx");
  Producer p = c.init("tx");
  EXPECT_EQ(c.write(p, "t", {"a"}), Code::none);
  EXPECT_EQ(c.try_init("tx", 60'000, p.id, static_cast<int16_t>(p.epoch - 1)),
            Code::producer_fenced);
  EXPECT_EQ(c.try_init("tx", 60'000, p.id, static_cast<int16_t>(p.epoch + 1)),
            Code::producer_fenced);
  EXPECT_EQ(c.try_init("tx", 60'000, p.id + 1, p.epoch), Code::producer_fenced);
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(c.write(p, "t", {"b"}), Code::none);
  EXPECT_EQ(c.try_init("tx", 60'000, p.id, p.epoch), Code::none);
  EXPECT_EQ(c.try_init("tx", 60'000, p.id, p.epoch), Code::none) << "the answer was lost";
  ++p.epoch;
  p.sequences.clear();
  EXPECT_EQ(c.write(p, "t", {"c"}), Code::none);
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(c.committed("t"), (Values{"a", "c"}));
}

TEST_F(TransactionRules, ATransactionMayBeginWithNothing) {
  auto& c = *client_;
  const Producer p = c.init("tx", 60'000, 1);
  wire::AddPartitionsToTxnRequest request;
  request.v3_and_below_transactional_id = p.transactional_id;
  request.v3_and_below_producer_id = p.id;
  request.v3_and_below_producer_epoch = p.epoch;
  c.call<wire::AddPartitionsToTxnResponse>(request, 3);
  restart();
  Producer after = p;
  EXPECT_EQ(client_->end(after, true), Code::none);
}

TEST_F(TransactionRules, AnIdWithoutItsEpochTakesNothingFromItsOwner) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("tx");
  EXPECT_EQ(c.try_init("tx", 60'000, p.id, -1), Code::invalid_request);
  EXPECT_EQ(c.try_init("tx", 60'000, -1, p.epoch), Code::invalid_request);
  EXPECT_EQ(c.write(p, "t", {"a"}), Code::none);
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(c.committed("t"), Values{"a"});
}

}  // namespace
}  // namespace holdfast::broker
