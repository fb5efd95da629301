#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "broker/broker_for_tests.h"
#include "wire/messages/fetch.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/list_offsets.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Values = std::vector<std::string>;
using Produced = wire::ProduceResponse::Topic::Partition;
using Fetched = wire::FetchResponse::Topic::Partition;

class ProduceFetch : public WithBroker<> {
 protected:
  ProduceFetch() {
    settings_.segment_bytes = 1u << 20;
    settings_.limits.message_bytes_max = 100'000;
  }

  void create(std::string_view name, int32_t partitions, std::vector<NewTopicConfig> configs = {}) {
    const auto request = create_topic(name, partitions, std::move(configs));
    const auto response = client_->call<wire::CreateTopicsResponse>(request, 7);
    ASSERT_EQ(response.topics.at(0).error_code, Code::none);
    id_ = response.topics[0].topic_id;
  }

  wire::ProduceRequest produce_request(ByteView records, int32_t partition = 0,
                                       std::string_view topic = "t") const {
    wire::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 30'000;
    request.topic_data.push_back({topic, id_, {{partition, records}}});
    return request;
  }
  Produced produce(ByteView records, int32_t partition = 0, int16_t version = 12) {
    const auto request = produce_request(records, partition);
    return client_->call<wire::ProduceResponse>(request, version)
        .responses.at(0)
        .partition_responses.at(0);
  }

  static wire::FetchRequest fetch_request(int64_t offset, int32_t max_wait_ms = 0,
                                          int32_t min_bytes = 1, int32_t partition = 0) {
    wire::FetchRequest request;
    request.max_wait_ms = max_wait_ms;
    request.min_bytes = min_bytes;
    wire::FetchRequest::Topic::Partition wanted;
    wanted.partition = partition;
    wanted.fetch_offset = offset;
    wanted.partition_max_bytes = 1 << 20;
    request.topics.push_back({"t", {}, {wanted}});
    return request;
  }
  Fetched fetch(int64_t offset, int32_t partition = 0) {
    auto request = fetch_request(offset, 0, 1, partition);
    return client_->call<wire::FetchResponse>(request, 12).responses.at(0).partitions.at(0);
  }
  static ByteBuffer bytes_of(const Fetched& fetched) {
    ByteBuffer all;
    for (const ByteView part : fetched.records.parts) append(all, part);
    return all;
  }
  Values read_all(int32_t partition = 0) {
    Values values;
    for (int64_t offset = 0;;) {
      const auto fetched = fetch(offset, partition);
      const ByteBuffer bytes = bytes_of(fetched);
      const Values some = values_in(bytes, offset);
      if (some.empty()) return values;
      values.insert(values.end(), some.begin(), some.end());
      offset += static_cast<int64_t>(some.size());
    }
  }
  wire::ListOffsetsResponse::Topic::Partition list_offset(int64_t timestamp) {
    wire::ListOffsetsRequest request;
    request.topics.push_back({"t", {{0, -1, timestamp}}});
    return client_->call<wire::ListOffsetsResponse>(request, 7).topics.at(0).partitions.at(0);
  }
  int64_t new_producer() {
    wire::InitProducerIdRequest request;
    return client_->call<wire::InitProducerIdResponse>(request, 4).producer_id;
  }

  wire::Uuid id_;
};

TEST_F(ProduceFetch, WhatIsProducedIsReadBackWholeAndInOrderAlsoAfterARestart) {
  create("t", 2);
  EXPECT_EQ(produce(make_batch({"a", "b"})).base_offset, 0);
  EXPECT_EQ(produce(make_batch({"c"})).base_offset, 2);
  EXPECT_EQ(produce(make_batch({"other"}), 1).base_offset, 0);
  EXPECT_EQ(produce(make_batch({"d", "e"}, {.codec = record::Codec::zstd})).base_offset, 3);
  const Values all{"a", "b", "c", "d", "e"};
  EXPECT_EQ(read_all(), all);
  restart();
  EXPECT_EQ(read_all(), all);
  EXPECT_EQ(read_all(1), Values{"other"});
  EXPECT_EQ(produce(make_batch({"f"})).base_offset, 5);
}

TEST_F(ProduceFetch, ManySegmentsWithCheckpointsSurviveARestart) {
  create("t", 1);
  Values all;
  for (int i = 0; i < 60; ++i) {
    all.push_back(std::string(90'000, static_cast<char>('a' + i % 26)) + std::to_string(i));
    ASSERT_EQ(produce(make_batch({all.back()})).base_offset, i);
  }
  restart();
  EXPECT_EQ(read_all(), all);
  EXPECT_EQ(list_offset(-1).offset, 60);
}

TEST_F(ProduceFetch, TopicIdsNameTheTopicFromVersion13On) {
  create("t", 1);
  EXPECT_EQ(produce(make_batch({"a"}), 0, 13).error_code, Code::none);
  auto request = fetch_request(0);
  request.topics[0].topic_id = id_;
  auto response = client_->call<wire::FetchResponse>(request, 17);
  EXPECT_EQ(response.responses.at(0).topic_id, id_);
  EXPECT_EQ(values_in(bytes_of(response.responses[0].partitions.at(0))), Values{"a"});
  request.topics[0].topic_id.bytes[3] ^= std::byte{1};
  response = client_->call<wire::FetchResponse>(request, 17);
  EXPECT_EQ(response.responses.at(0).partitions.at(0).error_code, Code::unknown_topic_id);
}

TEST_F(ProduceFetch, WrongBatchesAreRefusedAndLeaveNothingBehind) {
  create("t", 1);
  const ByteBuffer good = make_batch({"a", "b"});
  ByteBuffer bad_crc = good;
  bad_crc.back() ^= std::byte{1};
  EXPECT_EQ(produce(bad_crc).error_code, Code::corrupt_message);

  const auto with_good_crc = [](ByteBuffer batch) {
    store_be(batch.data() + 17, crc32c(ByteView(batch).subspan(21)));
    return batch;
  };
  ByteBuffer wrong_count = good;
  store_be(wrong_count.data() + 57, int32_t{3});
  EXPECT_EQ(produce(with_good_crc(wrong_count)).error_code, Code::invalid_record);
  ByteBuffer more_than_there_are = good;
  store_be(more_than_there_are.data() + 57, int32_t{3});
  store_be(more_than_there_are.data() + 23, int32_t{2});
  EXPECT_EQ(produce(with_good_crc(more_than_there_are)).error_code, Code::invalid_record);
  ByteBuffer control = good;
  store_be(control.data() + 21, int16_t{0x20});
  EXPECT_EQ(produce(with_good_crc(control)).error_code, Code::invalid_record);
  ByteBuffer two = good;
  append(two, good);
  EXPECT_EQ(produce(two).error_code, Code::invalid_record);
  ByteBuffer old_magic = good;
  old_magic[16] = std::byte{1};
  EXPECT_EQ(produce(old_magic).error_code, Code::invalid_record);
  EXPECT_NE(produce(ByteView(good).first(40)).error_code, Code::none);
  EXPECT_NE(produce({}).error_code, Code::none);
  EXPECT_EQ(produce(make_batch({std::string(100'000, 'x')})).error_code, Code::message_too_large);
  EXPECT_EQ(
      produce(
          make_batch({"a"}, {.producer_id = 5, .epoch = 0, .sequence = 0, .transactional = true}))
          .error_code,
      Code::transactional_id_authorization_failed);

  EXPECT_EQ(list_offset(-1).offset, 0);
  EXPECT_EQ(produce(good).base_offset, 0);
}

TEST_F(ProduceFetch, UnknownTopicsAndPartitionsAreNamed) {
  create("t", 1);
  const ByteBuffer batch = make_batch({"a"});
  EXPECT_EQ(produce(batch, 1).error_code, Code::unknown_topic_or_partition);
  EXPECT_EQ(produce(batch, -1).error_code, Code::unknown_topic_or_partition);
  const auto nowhere = produce_request(batch, 0, "nowhere");
  EXPECT_EQ(client_->call<wire::ProduceResponse>(nowhere, 9)
                .responses.at(0)
                .partition_responses.at(0)
                .error_code,
            Code::unknown_topic_or_partition);
  EXPECT_EQ(fetch(0, 1).error_code, Code::unknown_topic_or_partition);
}

TEST_F(ProduceFetch, OldProduceVersionsAreAdvertisedButRefused) {
  create("t", 1);
  EXPECT_EQ(produce(make_batch({"a"}), 0, 3).error_code, Code::none);
  const ByteBuffer batch = make_batch({"a"});
  client_->send(produce_request(batch), 2);
  EXPECT_TRUE(client_->ended());
}

TEST_F(ProduceFetch, OffsetsOutsideThePartitionAreOutOfRangeAndTellNothingElse) {
  create("t", 1);
  produce(make_batch({"a", "b"}));
  EXPECT_EQ(fetch(3).error_code, Code::offset_out_of_range);
  EXPECT_EQ(fetch(-1).error_code, Code::offset_out_of_range);
  EXPECT_EQ(fetch(-1).log_start_offset, -1);
  EXPECT_EQ(fetch(-1).high_watermark, -1);
  const auto at_end = fetch(2);
  EXPECT_EQ(at_end.error_code, Code::none);
  EXPECT_EQ(at_end.records.size(), 0u);
  EXPECT_EQ(at_end.high_watermark, 2);
}

TEST_F(ProduceFetch, ALeaderEpochOfTheFutureIsUnknown) {
  create("t", 1);
  auto request = fetch_request(0);
  request.topics[0].partitions[0].current_leader_epoch = 5;
  const auto answer =
      client_->call<wire::FetchResponse>(request, 12).responses.at(0).partitions.at(0);
  EXPECT_EQ(answer.error_code, Code::unknown_leader_epoch);
  EXPECT_EQ(answer.current_leader.leader_epoch, -1);
}

TEST_F(ProduceFetch, ABatchSentAgainKeepsItsOffsetAlsoAfterARestart) {
  create("t", 1);
  const int64_t id = new_producer();
  const auto batch = [&](int32_t sequence, int16_t epoch = 0) {
    return make_batch({"v" + std::to_string(sequence)},
                      {.producer_id = id, .epoch = epoch, .sequence = sequence});
  };
  for (int32_t i = 0; i < 7; ++i) ASSERT_EQ(produce(batch(i)).base_offset, i);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(produce(batch(6)).base_offset, 6);
    EXPECT_EQ(produce(batch(2)).base_offset, 2);
    EXPECT_EQ(produce(batch(1)).error_code, Code::out_of_order_sequence_number);
    EXPECT_EQ(produce(batch(8)).error_code, Code::out_of_order_sequence_number);
    EXPECT_EQ(list_offset(-1).offset, 7);
    restart();
  }
  EXPECT_EQ(produce(batch(0, 1)).base_offset, 7);
  EXPECT_EQ(produce(batch(7, 0)).error_code, Code::invalid_producer_epoch);
  EXPECT_NE(new_producer(), id) << "no id is given twice";
}

TEST_F(ProduceFetch, ADuplicateOfABatchStillOnItsWayIsAnsweredWithItsOffset) {
  create("t", 1);
  const int64_t id = new_producer();
  const ByteBuffer batch = make_batch({"once"}, {.producer_id = id, .epoch = 0, .sequence = 0});
  const auto request = produce_request(batch);
  const int32_t first = client_->send(request, 12);
  const int32_t second = client_->send(request, 12);
  for (const int32_t correlation : {first, second}) {
    const auto answer = client_->receive<wire::ProduceResponse>(12, correlation);
    EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).error_code, Code::none);
    EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).base_offset, 0);
  }
  EXPECT_EQ(read_all(), Values{"once"});
}

TEST_F(ProduceFetch, ProduceWithoutAcknowledgementIsNotAnsweredButKept) {
  create("t", 1);
  const ByteBuffer batch = make_batch({"a"});
  auto request = produce_request(batch);
  request.acks = 0;
  client_->send(request, 12);
  EXPECT_EQ(produce(make_batch({"b"})).base_offset, 1)
      << "the next answer belongs to the next request";
  EXPECT_EQ(read_all(), (Values{"a", "b"}));
  request.topic_data[0].name = "nowhere";
  client_->send(request, 12);
  EXPECT_TRUE(client_->ended());
}

TEST_F(ProduceFetch, AnUnknownKindOfAcknowledgementIsRefused) {
  create("t", 1);
  const ByteBuffer batch = make_batch({"a"});
  auto request = produce_request(batch);
  request.acks = 2;
  EXPECT_EQ(client_->call<wire::ProduceResponse>(request, 12)
                .responses.at(0)
                .partition_responses.at(0)
                .error_code,
            Code::invalid_required_acks);
}

TEST_F(ProduceFetch, AWaitingFetchIsAnsweredByTheNextProduce) {
  create("t", 1);
  TestClient reader(broker_->address());
  reader.send(fetch_request(0, 60'000), 12);
  EXPECT_EQ(produce(make_batch({"a"})).base_offset, 0);
  const auto response = reader.receive<wire::FetchResponse>(12);
  EXPECT_EQ(values_in(bytes_of(response.responses.at(0).partitions.at(0))), Values{"a"});
}

TEST_F(ProduceFetch, AFetchThatWantsMoreBytesWaitsForAllOfThem) {
  create("t", 1);
  TestClient reader(broker_->address());
  const ByteBuffer batch = make_batch({std::string(1000, 'x')});
  produce(batch);
  reader.send(fetch_request(0, 60'000, static_cast<int32_t>(3 * batch.size())), 12);
  // A request behind it on the same connection is served only after it, so its answer cannot come
  // early.
  produce(batch);
  EXPECT_FALSE(reader.something_to_read());
  produce(batch);
  const auto response = reader.receive<wire::FetchResponse>(12);
  EXPECT_EQ(values_in(bytes_of(response.responses.at(0).partitions.at(0))).size(), 3u);
}

TEST_F(ProduceFetch, AWaitingFetchAnswersWithNothingAtItsDeadline) {
  create("t", 1);
  const auto response = client_->call<wire::FetchResponse>(fetch_request(0, 30), 12);
  EXPECT_EQ(response.responses.at(0).partitions.at(0).records.size(), 0u);
  EXPECT_EQ(response.responses[0].partitions[0].error_code, Code::none);
}

TEST_F(ProduceFetch, AnswersLeaveInTheOrderOfTheRequests) {
  create("t", 1);
  const int32_t waits = client_->send(fetch_request(0, 60'000), 12);
  const int32_t at_once = client_->send(wire::MetadataRequest{}, 12);
  TestClient writer(broker_->address());
  const ByteBuffer batch = make_batch({"a"});
  writer.call<wire::ProduceResponse>(produce_request(batch), 12);
  client_->receive<wire::FetchResponse>(12, waits);
  client_->receive<wire::MetadataResponse>(12, at_once);
}

TEST_F(ProduceFetch, TheFirstBatchIsWholeWhateverTheLimitsAndTheRestObeysThem) {
  create("t", 2);
  const ByteBuffer batch = make_batch({std::string(5000, 'x')});
  for (int i = 0; i < 3; ++i) produce(batch);
  produce(batch, 1);
  auto request = fetch_request(0);
  request.topics[0].partitions.push_back(request.topics[0].partitions[0]);
  request.topics[0].partitions[1].partition = 1;
  const auto batches = [&](int32_t max_bytes, int32_t partition_max_bytes) {
    request.max_bytes = max_bytes;
    for (auto& wanted : request.topics[0].partitions)
      wanted.partition_max_bytes = partition_max_bytes;
    const auto response = client_->call<wire::FetchResponse>(request, 12);
    std::vector<size_t> found;
    for (const auto& p : response.responses.at(0).partitions)
      found.push_back(p.records.size() / batch.size());
    return found;
  };
  const auto size = static_cast<int32_t>(batch.size());
  EXPECT_EQ(batches(1, 1), (std::vector<size_t>{1, 0}));
  EXPECT_EQ(batches(1 << 20, 2 * size), (std::vector<size_t>{2, 1}));
  EXPECT_EQ(batches(2 * size, 1 << 20), (std::vector<size_t>{2, 0}));
  EXPECT_EQ(batches(4 * size, 1 << 20), (std::vector<size_t>{3, 1}));
  EXPECT_EQ(batches(1 << 20, size - 1), (std::vector<size_t>{1, 0}));
}

TEST_F(ProduceFetch, ABrokerStampsItsOwnTimeIfTheTopicSaysSo) {
  create("t", 1, {{"message.timestamp.type", "LogAppendTime"}});
  const auto produced = produce(make_batch({"a", "b"}, {.timestamp_ms = 5}));
  EXPECT_GT(produced.log_append_time_ms, 1'600'000'000'000);
  const auto fetched = fetch(0);
  const ByteBuffer bytes = bytes_of(fetched);
  const auto batch = record::BatchView::parse(bytes);
  ASSERT_TRUE(batch.has_value());
  EXPECT_TRUE(batch->crc_matches());
  EXPECT_TRUE(batch->log_append_time());
  EXPECT_EQ(batch->max_timestamp_ms(), produced.log_append_time_ms);
}

TEST_F(ProduceFetch, OffsetsAreFoundByTime) {
  create("t", 1);
  produce(make_batch({"a", "b", "c"}, {.timestamp_ms = 100}));
  produce(make_batch({"d", "e"}, {.timestamp_ms = 300, .codec = record::Codec::lz4}));
  produce(make_batch({"f"}, {.timestamp_ms = 200}));
  EXPECT_EQ(list_offset(-2).offset, 0);
  EXPECT_EQ(list_offset(-1).offset, 6);
  EXPECT_EQ(list_offset(0).offset, 0);
  EXPECT_EQ(list_offset(102).offset, 2);
  EXPECT_EQ(list_offset(102).timestamp, 102);
  EXPECT_EQ(list_offset(103).offset, 3);
  EXPECT_EQ(list_offset(301).offset, 4);
  EXPECT_EQ(list_offset(302).offset, -1);
  EXPECT_EQ(list_offset(-3).offset, 4);
  EXPECT_EQ(list_offset(-3).timestamp, 301);
}

}  // namespace
}  // namespace holdfast::broker
