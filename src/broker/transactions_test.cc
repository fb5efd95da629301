#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "broker/transaction_client_for_tests.h"
#include "wire/messages/delete_records.h"
#include "wire/messages/list_offsets.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Values = std::vector<std::string>;

/// Transactions over the wire, by clients that speak TV1 or TV2.
class Transactions : public WithBroker<TransactionClient> {};

TEST_F(Transactions, OnlyWhatWasCommittedIsReadByAReaderOfCommittedRecords) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("tx");
  EXPECT_EQ(p.epoch, 0);
  EXPECT_EQ(c.write(p, "t", {"a", "b"}), Code::none);
  EXPECT_EQ(c.committed("t"), Values{});
  EXPECT_EQ(c.fetch("t", 0, true).last_stable_offset, 0);
  EXPECT_EQ(c.fetch("t", 0, true).high_watermark, 2);
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(p.epoch, 1) << "TV2: a new epoch for the next transaction";
  EXPECT_EQ(c.committed("t"), (Values{"a", "b"}));
  EXPECT_EQ(c.fetch("t", 0, true).last_stable_offset, 3) << "the marker takes an offset";
  EXPECT_EQ(c.write(p, "t", {"c"}), Code::none);
  EXPECT_EQ(c.end(p, false), Code::none);
  EXPECT_EQ(c.committed("t"), (Values{"a", "b"}));
  EXPECT_EQ(c.everything("t"), (Values{"a", "b", "c"}));
  EXPECT_EQ(c.write(p, "t", {"d"}), Code::none);
  EXPECT_EQ(c.end(p, true), Code::none);
  restart();
  EXPECT_EQ(client_->committed("t"), (Values{"a", "b", "d"}));
  EXPECT_EQ(client_->everything("t"), (Values{"a", "b", "c", "d"}));
}

TEST_F(Transactions, AnOldClientAnnouncesPartitionsAndKeepsItsEpoch) {
  auto& c = *client_;
  c.create("t", 2);
  Producer p = c.init("tx", 60'000, 1);
  EXPECT_EQ(c.write(p, "t", {"early"}), Code::invalid_txn_state) << "not announced";
  EXPECT_EQ(c.announce(p, "t", 0), Code::none);
  EXPECT_EQ(c.write(p, "t", {"a"}), Code::none);
  EXPECT_EQ(c.write(p, "t", {"x"}, 1), Code::invalid_txn_state) << "the other partition is not";
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(p.epoch, 0);
  EXPECT_EQ(c.write(p, "t", {"late"}), Code::invalid_txn_state) << "would join the next one";
  EXPECT_EQ(c.end(p, true), Code::none) << "asked again";
  EXPECT_EQ(c.end(p, false), Code::invalid_txn_state);
  EXPECT_EQ(c.announce(p, "t", 0), Code::none);
  EXPECT_EQ(c.write(p, "t", {"b"}), Code::none);
  EXPECT_EQ(c.end(p, false), Code::none);
  EXPECT_EQ(c.committed("t"), Values{"a"});
  EXPECT_EQ(c.everything("t"), (Values{"a", "b"}));
}

TEST_F(Transactions, ASuccessorFencesItsPredecessorAndAbortsItsTransaction) {
  auto& c = *client_;
  c.create("t", 1);
  Producer old_one = c.init("tx");
  EXPECT_EQ(c.write(old_one, "t", {"lost"}), Code::none);
  Producer next = c.init("tx");
  EXPECT_EQ(next.id, old_one.id);
  EXPECT_GT(next.epoch, old_one.epoch + 1) << "the epoch of the fence belongs to nobody";
  EXPECT_EQ(c.fetch("t", 0, true).last_stable_offset, 2) << "aborted";
  Producer zombie = old_one;
  EXPECT_EQ(c.write(zombie, "t", {"zombie"}), Code::invalid_producer_epoch);
  EXPECT_EQ(c.end(zombie, true), Code::producer_fenced);
  EXPECT_EQ(c.end(zombie, false), Code::producer_fenced);
  zombie.version = 1;
  EXPECT_EQ(c.announce(zombie, "t", 0), Code::invalid_producer_epoch);
  EXPECT_EQ(c.write(next, "t", {"kept"}), Code::none);
  EXPECT_EQ(c.end(next, true), Code::none);
  EXPECT_EQ(c.committed("t"), Values{"kept"});
}

TEST_F(Transactions, ARetriedEndIsAnsweredAlikeAndALateOneDoesNotTouchTheNext) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("tx");
  EXPECT_EQ(c.write(p, "t", {"a"}), Code::none);
  Producer before = p;
  EXPECT_EQ(c.end(p, true), Code::none);
  Producer again = before;
  EXPECT_EQ(c.end(again, true), Code::none);
  EXPECT_EQ(again.epoch, p.epoch);
  again = before;
  EXPECT_EQ(c.end(again, false), Code::invalid_txn_state);
  EXPECT_EQ(c.write(p, "t", {"b"}), Code::none);
  again = before;
  EXPECT_EQ(c.end(again, true), Code::producer_fenced) << "a new transaction is open";
  EXPECT_EQ(c.end(p, false), Code::none);
  EXPECT_EQ(c.committed("t"), Values{"a"});
}

TEST_F(Transactions, AnOpenTransactionHoldsBackEveryReaderOfCommittedRecords) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("one");
  Producer q = c.init("two");
  EXPECT_EQ(c.write(p, "t", {"p"}), Code::none);
  EXPECT_EQ(c.write(q, "t", {"q"}), Code::none);
  EXPECT_EQ(c.produce_plain("t", "plain"), Code::none);
  EXPECT_EQ(c.end(q, true), Code::none);
  EXPECT_EQ(c.committed("t"), Values{});
  wire::ListOffsetsRequest request;
  request.isolation_level = 1;
  request.topics.push_back({"t", {{0, -1, -1}}});
  const auto latest = [&] {
    return c.call<wire::ListOffsetsResponse>(request, 7).topics.at(0).partitions.at(0).offset;
  };
  EXPECT_EQ(latest(), 0);
  EXPECT_EQ(c.end(p, false), Code::none);
  EXPECT_EQ(c.committed("t"), (Values{"q", "plain"}));
  EXPECT_EQ(latest(), 5);
  const auto fetched = c.fetch("t", 0, true);
  ASSERT_EQ(fetched.aborted_transactions->size(), 1u);
  EXPECT_EQ(fetched.aborted_transactions->at(0).producer_id, p.id);
  EXPECT_EQ(fetched.aborted_transactions->at(0).first_offset, 0);
  EXPECT_EQ(c.fetch("t", 5, true).aborted_transactions->size(), 0u);
}

TEST_F(Transactions, AWaitingReaderOfCommittedRecordsIsWokenByTheMarker) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("tx");
  TransactionClient reader(broker_->address());
  reader.send(TransactionClient::fetch_request("t", 0, true, 60'000), 12);
  EXPECT_EQ(c.write(p, "t", {"a"}), Code::none);
  EXPECT_FALSE(reader.something_to_read());
  EXPECT_EQ(c.end(p, true), Code::none);
  const auto response = reader.receive<wire::FetchResponse>(12);
  EXPECT_EQ(TransactionClient::committed_in(response.responses.at(0).partitions.at(0), 0),
            Values{"a"});
}

TEST_F(Transactions, ABatchOutsideTheOpenTransactionOfItsProducerIsRefused) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("tx");
  EXPECT_EQ(c.write(p, "t", {"a"}), Code::none);
  const ByteBuffer plain =
      make_batch({"x"}, {.producer_id = p.id, .epoch = p.epoch, .sequence = 1});
  EXPECT_EQ(c.produce("t", 0, plain, {}, 12), Code::invalid_txn_state);
  const ByteBuffer foreign = make_batch(
      {"x"}, {.producer_id = p.id + 77, .epoch = 0, .sequence = 0, .transactional = true});
  EXPECT_EQ(c.produce("t", 0, foreign, "tx", 12), Code::invalid_producer_id_mapping);
  EXPECT_EQ(c.produce("t", 0, foreign, "nobody", 12), Code::invalid_producer_id_mapping);
  EXPECT_EQ(c.produce("t", 0, foreign, {}, 12), Code::transactional_id_authorization_failed);
}

TEST_F(Transactions, OffsetsOfAGroupCountOnceTheirTransactionCommits) {
  auto& c = *client_;
  c.create("t", 2);
  for (const int version : {1, 2}) {
    SCOPED_TRACE(version);
    const std::string group = "g" + std::to_string(version);
    Producer p = c.init("tx" + group, 60'000, version);
    EXPECT_EQ(c.store_offset(p, group, "t", 0, 5),
              version == 1 ? Code::invalid_txn_state : Code::none);
    if (version == 1) {
      EXPECT_EQ(c.announce_group(p, group), Code::none);
      EXPECT_EQ(c.store_offset(p, group, "t", 0, 5), Code::none);
    }
    EXPECT_EQ(c.offset_of(group, "t", 0, true),
              (std::pair{Code::unstable_offset_commit, int64_t{-1}}));
    EXPECT_EQ(c.offset_of(group, "t", 0, false), (std::pair{Code::none, int64_t{-1}}));
    EXPECT_EQ(c.offset_of(group, "t", 1, true), (std::pair{Code::none, int64_t{-1}}));
    EXPECT_EQ(c.end(p, true), Code::none);
    EXPECT_EQ(c.offset_of(group, "t", 0, true), (std::pair{Code::none, int64_t{5}}));
    if (version == 1) {
      EXPECT_EQ(c.announce_group(p, group), Code::none);
    }
    EXPECT_EQ(c.store_offset(p, group, "t", 0, 9), Code::none);
    EXPECT_EQ(c.end(p, false), Code::none);
    EXPECT_EQ(c.offset_of(group, "t", 0, true), (std::pair{Code::none, int64_t{5}}));
  }
  restart();
  EXPECT_EQ(client_->offset_of("g2", "t", 0, true), (std::pair{Code::none, int64_t{5}}));
}

TEST_F(Transactions, ATransactionThatTakesTooLongIsAborted) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("tx", 50);
  TransactionClient reader(broker_->address());
  EXPECT_EQ(c.write(p, "t", {"slow"}), Code::none);
  reader.send(TransactionClient::fetch_request("t", 0, true, 60'000), 12);
  const auto woken = reader.receive<wire::FetchResponse>(12);
  EXPECT_EQ(woken.responses.at(0).partitions.at(0).last_stable_offset, 2);
  EXPECT_EQ(c.write(p, "t", {"late"}), Code::invalid_producer_epoch);
  Producer late = p;
  EXPECT_EQ(c.end(late, true), Code::invalid_txn_state);
  EXPECT_EQ(c.end(p, false), Code::none) << "TV2: it learns its new epoch";
  EXPECT_EQ(c.write(p, "t", {"next"}), Code::none);
  EXPECT_EQ(c.end(p, true), Code::none);
  EXPECT_EQ(c.committed("t"), Values{"next"});
}

TEST_F(Transactions, AnOpenTransactionSurvivesARestartAndStillTimesOut) {
  client_->create("t", 1);
  Producer p = client_->init("tx", 2'000);
  Producer q = client_->init("patient");
  EXPECT_EQ(client_->write(p, "t", {"slow"}), Code::none);
  EXPECT_EQ(client_->write(q, "t", {"kept"}), Code::none);
  restart();
  EXPECT_EQ(client_->end(q, true), Code::none);
  EXPECT_EQ(client_->fetch("t", 0, true).last_stable_offset, 0);
  TransactionClient reader(broker_->address());
  reader.send(TransactionClient::fetch_request("t", 0, true, 60'000), 12);
  const auto woken = reader.receive<wire::FetchResponse>(12);
  EXPECT_EQ(TransactionClient::committed_in(woken.responses.at(0).partitions.at(0), 0),
            Values{"kept"});
}

TEST_F(Transactions, UnusualRequestsGetKafkasCodes) {
  auto& c = *client_;
  c.create("t", 1);
  EXPECT_EQ(c.try_init("", 1000), Code::invalid_request);
  EXPECT_EQ(c.try_init("x", 900'001), Code::invalid_transaction_timeout);
  EXPECT_EQ(c.try_init("x", 0), Code::invalid_transaction_timeout);
  Producer nobody{"nobody", 5, 0, 2, {}};
  EXPECT_EQ(c.end(nobody, true), Code::invalid_producer_id_mapping);
  Producer p = c.init("tx");
  EXPECT_EQ(c.end(p, true), Code::invalid_txn_state) << "nothing to commit";
  EXPECT_EQ(c.end(p, false), Code::none) << "TV2: an abort of nothing gives a new epoch";
  EXPECT_EQ(p.epoch, 1);
  Producer old_client = c.init("tv1", 60'000, 1);
  EXPECT_EQ(c.end(old_client, false), Code::invalid_txn_state);
  EXPECT_EQ(c.announce(old_client, "nowhere", 0), Code::unknown_topic_or_partition);
  EXPECT_EQ(c.announce(old_client, "t", 7), Code::unknown_topic_or_partition);
  const auto stranger = c.try_init("tx", 1000, p.id + 1, 0);
  EXPECT_EQ(stranger, Code::producer_fenced);
  EXPECT_EQ(c.try_init("tx", 1000, p.id, p.epoch), Code::none) << "KIP-360: it goes on";
}

TEST_F(Transactions, RecordsDeletedBelowAnOpenTransactionMoveTheStableOffset) {
  auto& c = *client_;
  c.create("t", 1);
  Producer p = c.init("tx");
  EXPECT_EQ(c.write(p, "t", {"a", "b"}), Code::none);
  wire::DeleteRecordsRequest request;
  request.topics.push_back({"t", {{0, 1}}});
  c.call<wire::DeleteRecordsResponse>(request, 2);
  EXPECT_EQ(c.fetch("t", 1, true).last_stable_offset, 1);
  EXPECT_EQ(c.end(p, false), Code::none);
  EXPECT_EQ(c.fetch("t", 1, true).last_stable_offset, 3);
  EXPECT_EQ(c.committed("t", 0, 1), Values{});
}

}  // namespace
}  // namespace holdfast::broker
