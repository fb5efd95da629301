#include <gtest/gtest.h>

#include "base/os/clock.h"
#include "broker/broker_for_tests.h"
#include "wire/messages/fetch.h"
#include "wire/messages/produce.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Produced = wire::ProduceResponse::Topic::Partition;
using Configs = std::vector<NewTopicConfig>;
using record::Codec;

class ProduceValidation : public WithBroker<> {
 protected:
  Code create(std::string_view name, Configs configs) {
    const auto request = create_topic(name, 1, std::move(configs));
    return client_->call<wire::CreateTopicsResponse>(request, 7).topics.at(0).error_code;
  }
  Produced produce(std::string_view topic, ByteView records, int16_t version = 9) {
    wire::ProduceRequest request;
    request.acks = -1;
    request.timeout_ms = 20'000;
    request.topic_data.push_back({topic, {}, {{0, records}}});
    return client_->call<wire::ProduceResponse>(request, version)
        .responses.at(0)
        .partition_responses.at(0);
  }
  ByteBuffer fetch(std::string_view topic, int64_t offset = 0) {
    wire::FetchRequest request;
    request.max_bytes = 1 << 20;
    request.topics.push_back({topic,
                              {},
                              {{.partition = 0,
                                .fetch_offset = offset,
                                .partition_max_bytes = 1 << 20,
                                .replica_directory_id = {}}}});
    const auto answer = client_->call<wire::FetchResponse>(request, 12);
    ByteBuffer all;
    for (const ByteView part : answer.responses.at(0).partitions.at(0).records.parts)
      append(all, part);
    return all;
  }
  static int64_t now_ms() { return os::real_clock().wall_us() / 1000; }
};

TEST_F(ProduceValidation, ATopicsCodecIsTheCodecOfItsBatches) {
  const std::vector<std::string> values{std::string(500, 'a'), "b", std::string(700, 'c')};
  const std::pair<const char*, Codec> types[] = {{"uncompressed", Codec::none},
                                                 {"gzip", Codec::gzip},
                                                 {"snappy", Codec::snappy},
                                                 {"lz4", Codec::lz4},
                                                 {"zstd", Codec::zstd}};
  for (const auto& [type, codec] : types) {
    ASSERT_EQ(create(type, {{"compression.type", type}}), Code::none);
    int64_t next = 0;
    for (const Codec sent : {Codec::none, Codec::gzip, Codec::snappy, Codec::lz4, Codec::zstd}) {
      BatchSpec spec;
      spec.codec = sent;
      EXPECT_EQ(produce(type, make_batch(values, spec)).base_offset, next);
      const ByteBuffer found = fetch(type, next);
      EXPECT_EQ(record::BatchView::parse(found).value().codec(), codec);
      EXPECT_EQ(values_in(found, next), values);
      next += 3;
    }
  }
  EXPECT_EQ(create("no", {{"compression.type", "brotli"}}), Code::invalid_config);
  EXPECT_EQ(create("no", {{"compression.gzip.level", "10"}}), Code::invalid_config);
  EXPECT_EQ(create("no", {{"compression.lz4.level", "0"}}), Code::invalid_config);
}

TEST_F(ProduceValidation, TheSizeCountsInTheTopicsCodec) {
  create("plain", {{"compression.type", "uncompressed"}, {"max.message.bytes", "1000"}});
  create("kept", {{"max.message.bytes", "1000"}});
  BatchSpec zstd;
  zstd.codec = Codec::zstd;
  const ByteBuffer batch = make_batch({std::string(5000, 'a')}, zstd);
  ASSERT_LT(batch.size(), 1000u);
  EXPECT_EQ(produce("kept", batch).error_code, Code::none);
  EXPECT_EQ(produce("plain", batch).error_code, Code::message_too_large);
  EXPECT_EQ(produce("kept", make_batch({std::string(5000, 'a')})).error_code,
            Code::message_too_large);
  EXPECT_TRUE(fetch("plain").empty());
}

TEST_F(ProduceValidation, ACodecAndOurOwnTimeTogether) {
  create("t", {{"compression.type", "zstd"}, {"message.timestamp.type", "LogAppendTime"}});
  const int64_t before = now_ms();
  const Produced produced = produce("t", make_batch({"a", "b"}));
  EXPECT_GE(produced.log_append_time_ms, before);
  const ByteBuffer found = fetch("t");
  const auto batch = record::BatchView::parse(found).value();
  EXPECT_TRUE(batch.crc_matches());
  EXPECT_TRUE(batch.log_append_time());
  EXPECT_EQ(batch.max_timestamp_ms(), produced.log_append_time_ms);
  EXPECT_EQ(batch.codec(), Codec::zstd);
}

TEST_F(ProduceValidation, RecordsWithoutKeyAreNamed) {
  create("t", {{"cleanup.policy", "compact"}});
  for (const Codec codec : {Codec::none, Codec::lz4}) {
    record::BatchBuilder builder;
    builder.begin({.codec = codec});
    builder.add({.timestamp_ms = 1, .key = as_bytes("k"), .value = as_bytes("a")});
    builder.add({.timestamp_ms = 2, .key = {}, .value = as_bytes("b")});
    builder.add({.timestamp_ms = 3, .key = as_bytes(""), .value = as_bytes("c")});
    builder.add({.timestamp_ms = 4, .key = {}, .value = as_bytes("d")});
    const Produced produced = produce("t", builder.finish().value());
    EXPECT_EQ(produced.error_code, Code::invalid_record);
    EXPECT_EQ(produced.base_offset, -1);
    EXPECT_TRUE(produced.error_message.has_value());
    ASSERT_EQ(produced.record_errors.size(), 2u);
    EXPECT_EQ(produced.record_errors[0].batch_index, 1);
    EXPECT_EQ(produced.record_errors[1].batch_index, 3);
  }
  EXPECT_TRUE(fetch("t").empty());
}

TEST_F(ProduceValidation, TimestampsOutOfRangeAreRefused) {
  create("t", {});
  create("bounded", {{"message.timestamp.before.max.ms", "60000"},
                     {"message.timestamp.after.max.ms", "9223372036854775807"}});
  create("stamped",
         {{"message.timestamp.type", "LogAppendTime"}, {"message.timestamp.before.max.ms", "1"}});
  const auto at = [](int64_t timestamp_ms, Codec codec = Codec::none) {
    BatchSpec spec;
    spec.timestamp_ms = timestamp_ms;
    spec.codec = codec;
    return make_batch({"a"}, spec);
  };
  const int64_t now = now_ms();
  // One hour ahead is Kafka's bound; what is old is welcome.
  EXPECT_EQ(produce("t", at(0)).error_code, Code::none);
  EXPECT_EQ(produce("t", at(now + 3'500'000)).error_code, Code::none);
  const Produced ahead = produce("t", at(now + 4'000'000));
  EXPECT_EQ(ahead.error_code, Code::invalid_timestamp);
  EXPECT_EQ(ahead.record_errors.size(), 1u);
  EXPECT_EQ(produce("t", at(now + 4'000'000, Codec::gzip)).error_code, Code::invalid_timestamp);

  EXPECT_EQ(produce("bounded", at(now + 4'000'000)).error_code, Code::none);
  EXPECT_EQ(produce("bounded", at(now)).error_code, Code::none);
  EXPECT_EQ(produce("bounded", at(now - 120'000)).error_code, Code::invalid_timestamp);
  EXPECT_EQ(produce("bounded", at(now - 120'000, Codec::zstd)).error_code, Code::invalid_timestamp);
  EXPECT_EQ(produce("bounded", at(-1)).error_code, Code::none);  // has none

  EXPECT_EQ(produce("stamped", at(0)).error_code, Code::none);
}

TEST_F(ProduceValidation, WhatIsNoBatchOfTodayIsRefusedBeforeItIsLookedInto) {
  create("t", {});
  ByteBuffer batch = make_batch({"a"});
  batch[7] = std::byte{1};  // offsets are ours to give
  EXPECT_EQ(produce("t", batch).error_code, Code::invalid_record);
  EXPECT_EQ(produce("t", {}).error_code, Code::invalid_record);
  BatchSpec zstd;
  zstd.codec = Codec::zstd;
  EXPECT_EQ(produce("t", make_batch({"a"}, zstd), 6).error_code,
            Code::unsupported_compression_type);
  EXPECT_EQ(produce("t", make_batch({"a"}, zstd), 7).error_code, Code::none);
}

}  // namespace
}  // namespace holdfast::broker
