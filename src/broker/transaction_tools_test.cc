#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "broker/transaction_client_for_tests.h"
#include "wire/messages/describe_producers.h"
#include "wire/messages/describe_transactions.h"
#include "wire/messages/list_transactions.h"
#include "wire/messages/write_txn_markers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;

/// What tools that look for hanging transactions ask (KIP-664).
class TransactionTools : public WithBroker<TransactionClient> {
 protected:
  using Ids = std::vector<std::string>;
  Ids listed(const wire::ListTransactionsRequest& request) {
    const auto response = client_->call<wire::ListTransactionsResponse>(request, 2);
    EXPECT_EQ(response.error_code, Code::none);
    Ids ids;
    for (const auto& state : response.transaction_states) ids.push_back(state.transactional_id);
    return ids;
  }
};

TEST_F(TransactionTools, TransactionsAreListedByStateProducerAgeAndPattern) {
  auto& c = *client_;
  c.create("t", 1);
  Producer open = c.init("open-1");
  Producer done = c.init("done-1");
  const Producer idle = c.init("idle-1");
  EXPECT_EQ(c.write(open, "t", {"a"}), Code::none);
  EXPECT_EQ(c.write(done, "t", {"b"}), Code::none);
  EXPECT_EQ(c.end(done, true), Code::none);
  EXPECT_EQ(listed({}), (Ids{"done-1", "idle-1", "open-1"}));
  EXPECT_EQ(listed({{"Ongoing", "Empty"}, {}, -1, {}}), (Ids{"idle-1", "open-1"}));
  EXPECT_EQ(listed({{}, {idle.id}, -1, {}}), Ids{"idle-1"});
  EXPECT_EQ(listed({{}, {}, -1, "(open|idle)-\\d"}), (Ids{"idle-1", "open-1"}));
  EXPECT_EQ(listed({{}, {}, -1, "open"}), Ids{}) << "the whole id must match";
  EXPECT_EQ(listed({{}, {}, 3'600'000, {}}), Ids{});
  const auto bad_pattern =
      c.call<wire::ListTransactionsResponse>(wire::ListTransactionsRequest{{}, {}, -1, "("}, 2);
  EXPECT_EQ(bad_pattern.error_code, Code::invalid_regular_expression);
  const auto bad_state = c.call<wire::ListTransactionsResponse>(
      wire::ListTransactionsRequest{{"Sleeping"}, {}, -1, {}}, 0);
  EXPECT_EQ(bad_state.unknown_state_filters, (Ids{"Sleeping"}));
  EXPECT_TRUE(bad_state.transaction_states.empty());
}

TEST_F(TransactionTools, ATransactionIsDescribedWithItsOwnerAndPartitions) {
  auto& c = *client_;
  c.create("t", 2);
  Producer p = c.init("tx", 12'345);
  EXPECT_EQ(c.write(p, "t", {"a"}, 0), Code::none);
  EXPECT_EQ(c.write(p, "t", {"b"}, 1), Code::none);
  const auto describe = [&](std::string_view id) {
    return c.call<wire::DescribeTransactionsResponse>(wire::DescribeTransactionsRequest{{id}}, 0)
        .transaction_states.at(0);
  };
  const auto open = describe("tx");
  EXPECT_EQ(open.error_code, Code::none);
  EXPECT_EQ(open.transaction_state, "Ongoing");
  EXPECT_EQ(open.transaction_timeout_ms, 12'345);
  EXPECT_EQ(open.producer_id, p.id);
  EXPECT_EQ(open.producer_epoch, p.epoch);
  EXPECT_GT(open.transaction_start_time_ms, 0);
  ASSERT_EQ(open.topics.size(), 1u);
  EXPECT_EQ(open.topics[0].topic, "t");
  EXPECT_EQ(open.topics[0].partitions, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(c.end(p, false), Code::none);
  EXPECT_EQ(describe("tx").transaction_state, "CompleteAbort");
  EXPECT_TRUE(describe("tx").topics.empty());
  EXPECT_EQ(describe("nobody").error_code, Code::transactional_id_not_found);
}

TEST_F(TransactionTools, ProducersAreDescribedWithTheBeginningOfTheirTransaction) {
  auto& c = *client_;
  c.create("t", 1);
  EXPECT_EQ(c.produce_plain("t", "before"), Code::none);
  Producer p = c.init("tx");
  EXPECT_EQ(c.write(p, "t", {"a", "b"}), Code::none);
  const auto describe = [&](std::string_view topic) {
    wire::DescribeProducersRequest request;
    request.topics.push_back({topic, {0}});
    return c.call<wire::DescribeProducersResponse>(request, 0).topics.at(0).partitions.at(0);
  };
  const auto open = describe("t");
  ASSERT_EQ(open.active_producers.size(), 1u);
  EXPECT_EQ(open.active_producers[0].producer_id, p.id);
  EXPECT_EQ(open.active_producers[0].producer_epoch, p.epoch);
  EXPECT_EQ(open.active_producers[0].last_sequence, 1);
  EXPECT_EQ(open.active_producers[0].current_txn_start_offset, 1);
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(describe("t").active_producers.at(0).current_txn_start_offset, -1);
  EXPECT_EQ(describe("nowhere").error_code, Code::unknown_topic_or_partition);
}

TEST_F(TransactionTools, NobodyEndsATransactionPastItsCoordinator) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("tx");
  EXPECT_EQ(c.write(p, "t", {"a"}), Code::none);
  wire::WriteTxnMarkersRequest request;
  request.markers.push_back({p.id, p.epoch, false, {{"t", {0}}}, 0, 0});
  const auto refused = c.call<wire::WriteTxnMarkersResponse>(request, 1);
  EXPECT_EQ(refused.markers.at(0).topics.at(0).partitions.at(0).error_code,
            Code::cluster_authorization_failed);
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(c.committed("t"), TransactionClient::Values{"a"});
}

}  // namespace
}  // namespace holdfast::broker
