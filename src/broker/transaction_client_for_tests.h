#pragma once

#include <algorithm>
#include <set>

#include "broker/broker.h"
#include "broker/client_for_tests.h"
#include "testing/temporary_folder.h"
#include "wire/messages/add_offsets_to_txn.h"
#include "wire/messages/add_partitions_to_txn.h"
#include "wire/messages/end_txn.h"
#include "wire/messages/fetch.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/produce.h"
#include "wire/messages/txn_offset_commit.h"

namespace holdfast::broker {

/// What a transactional producer knows of itself.
struct Producer {
  std::string transactional_id;
  int64_t id = -1;
  int16_t epoch = 0;
  int version = 2;  // the transaction protocol that it speaks
  std::map<std::pair<std::string, int32_t>, int32_t> sequences;
};

/// A client for tests that speaks transactions, also wrongly if told to.
class TransactionClient : public TestClient {
 public:
  using Code = wire::ErrorCode;
  using Values = std::vector<std::string>;
  using Fetched = wire::FetchResponse::Topic::Partition;
  using TestClient::TestClient;

  void create(std::string_view name, int32_t partitions) {
    EXPECT_EQ(
        call<wire::CreateTopicsResponse>(create_topic(name, partitions), 7).topics.at(0).error_code,
        Code::none);
  }

  Producer init(std::string id, int32_t timeout_ms = 60'000, int version = 2) {
    const auto response = send_init(id, timeout_ms, -1, -1);
    EXPECT_EQ(response.error_code, Code::none);
    return {std::move(id), response.producer_id, response.producer_epoch, version, {}};
  }
  Code try_init(std::string_view id, int32_t timeout_ms, int64_t producer_id = -1,
                int16_t epoch = -1) {
    return send_init(id, timeout_ms, producer_id, epoch).error_code;
  }

  Code announce(const Producer& p, std::string_view topic, int32_t partition) {
    wire::AddPartitionsToTxnRequest request;
    request.v3_and_below_transactional_id = p.transactional_id;
    request.v3_and_below_producer_id = p.id;
    request.v3_and_below_producer_epoch = p.epoch;
    request.v3_and_below_topics.push_back({topic, {partition}});
    return call<wire::AddPartitionsToTxnResponse>(request, 0)
        .results_by_topic_v3_and_below.at(0)
        .results_by_partition.at(0)
        .partition_error_code;
  }
  Code announce_group(const Producer& p, std::string_view group) {
    return call<wire::AddOffsetsToTxnResponse>(
               wire::AddOffsetsToTxnRequest{p.transactional_id, p.id, p.epoch, group}, 0)
        .error_code;
  }

  Code produce(std::string_view topic, int32_t partition, ByteView records,
               std::optional<std::string_view> transactional_id, int16_t version) {
    wire::ProduceRequest request;
    request.transactional_id = transactional_id;
    request.acks = -1;
    request.timeout_ms = 30'000;
    request.topic_data.push_back({topic, {}, {{partition, records}}});
    return call<wire::ProduceResponse>(request, version)
        .responses.at(0)
        .partition_responses.at(0)
        .error_code;
  }
  Code produce_plain(std::string_view topic, const std::string& value) {
    return produce(topic, 0, make_batch({value}), {}, 12);
  }
  Code write(Producer& p, std::string_view topic, const Values& values, int32_t partition = 0) {
    int32_t& sequence = p.sequences[{std::string(topic), partition}];
    const ByteBuffer batch = make_batch(
        values,
        {.producer_id = p.id, .epoch = p.epoch, .sequence = sequence, .transactional = true});
    const Code code = produce(topic, partition, batch, p.transactional_id, p.version == 1 ? 7 : 12);
    if (code == Code::none) sequence += static_cast<int32_t>(values.size());
    return code;
  }

  Code end(Producer& p, bool commit) {
    const wire::EndTxnRequest request{p.transactional_id, p.id, p.epoch, commit};
    const auto response = call<wire::EndTxnResponse>(request, p.version == 1 ? 1 : 5);
    if (response.error_code == Code::none && p.version == 2) {
      p.id = response.producer_id;
      p.epoch = response.producer_epoch;
      p.sequences.clear();
    }
    return response.error_code;
  }

  Code store_offset(const Producer& p, std::string_view group, std::string_view topic,
                    int32_t partition, int64_t offset) {
    wire::TxnOffsetCommitRequest request;
    request.transactional_id = p.transactional_id;
    request.group_id = group;
    request.producer_id = p.id;
    request.producer_epoch = p.epoch;
    request.topics.push_back({topic, {{partition, offset, -1, {}}}});
    return call<wire::TxnOffsetCommitResponse>(request, p.version == 1 ? 3 : 5)
        .topics.at(0)
        .partitions.at(0)
        .error_code;
  }
  std::pair<Code, int64_t> offset_of(std::string_view group, std::string_view topic,
                                     int32_t partition, bool stable) {
    wire::OffsetFetchRequest request;
    request.require_stable = stable;
    request.group_id = group;
    request.topics.emplace().push_back({topic, {partition}});
    const auto found = call<wire::OffsetFetchResponse>(request, 7).topics.at(0).partitions.at(0);
    return {found.error_code, found.committed_offset};
  }

  static wire::FetchRequest fetch_request(std::string_view topic, int64_t offset,
                                          bool committed_only, int32_t max_wait_ms,
                                          int32_t partition = 0) {
    wire::FetchRequest request;
    request.max_wait_ms = max_wait_ms;
    request.min_bytes = 1;
    request.isolation_level = committed_only ? 1 : 0;
    wire::FetchRequest::Topic::Partition wanted;
    wanted.partition = partition;
    wanted.fetch_offset = offset;
    wanted.partition_max_bytes = 1 << 20;
    request.topics.push_back({topic, {}, {wanted}});
    return request;
  }
  Fetched fetch(std::string_view topic, int64_t offset, bool committed_only,
                int32_t partition = 0) {
    return call<wire::FetchResponse>(fetch_request(topic, offset, committed_only, 0, partition), 12)
        .responses.at(0)
        .partitions.at(0);
  }

  /// What a consumer makes of an answer: it skips markers, and batches of aborted transactions up
  /// to their marker.
  static Values committed_in(const Fetched& fetched, int64_t from) {
    Values values;
    std::set<int64_t> aborted;
    auto waiting =
        fetched.aborted_transactions.value_or(std::vector<Fetched::AbortedTransaction>{});
    ByteBuffer bytes;
    for (const ByteView part : fetched.records.parts) append(bytes, part);
    for (ByteView rest = bytes; !rest.empty();) {
      const auto batch = record::BatchView::parse(rest);
      if (!batch) break;
      rest = rest.subspan(batch->size());
      std::erase_if(waiting, [&](const auto& transaction) {
        if (transaction.first_offset > batch->last_offset()) return false;
        aborted.insert(transaction.producer_id);
        return true;
      });
      if (batch->control()) {
        aborted.erase(batch->producer_id());
      } else if (!batch->transactional() || !aborted.contains(batch->producer_id())) {
        for (std::string& value : values_in(batch->bytes(), from))
          values.push_back(std::move(value));
      }
    }
    return values;
  }
  Values committed(std::string_view topic, int32_t partition = 0, int64_t from = 0) {
    return committed_in(fetch(topic, from, true, partition), from);
  }
  /// Aborted and undecided ones, too.
  Values everything(std::string_view topic, int32_t partition = 0) {
    auto fetched = fetch(topic, 0, false, partition);
    fetched.aborted_transactions.reset();
    return committed_in(fetched, 0);
  }

 private:
  wire::InitProducerIdResponse send_init(std::string_view id, int32_t timeout_ms,
                                         int64_t producer_id, int16_t epoch) {
    wire::InitProducerIdRequest request;
    request.transactional_id = id;
    request.transaction_timeout_ms = timeout_ms;
    request.producer_id = producer_id;
    request.producer_epoch = epoch;
    return call<wire::InitProducerIdResponse>(request, 4);
  }
};

}  // namespace holdfast::broker
