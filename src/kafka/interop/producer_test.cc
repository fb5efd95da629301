#include "kafka/producer.h"

#include <gtest/gtest.h>

#include "base/os/clock.h"
#include "kafka/interop/real_kafka.h"

namespace holdfast::kafka {
namespace {

/// Nobody listens there: the discard port of a machine without it.
const ClientSettings nobody{.bootstrap_servers = "127.0.0.1:9", .client_id = "interop", .extra = {}};

std::unique_ptr<Producer> make_producer(const ClientSettings& client, const ProducerSettings& settings = {}) {
  auto made = Producer::create(client, settings);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made ? std::move(*made) : nullptr;
}

TEST(KafkaProducer, EveryFieldArrives) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  const auto producer = make_producer(kafka.client());
  const HeaderView headers[] = {{"one", as_bytes("1")}, {"null", std::nullopt}, {"empty", as_bytes("")}, {"one", as_bytes("2")}};
  ASSERT_TRUE(producer->send(topic, {.partition = 0, .key = as_bytes("k"), .value = as_bytes("v"), .headers = headers,
                                     .timestamp_ms = 1'700'000'000'000, .token = 7}));
  ASSERT_TRUE(producer->send(topic, {.partition = 0, .key = as_bytes("gone"), .timestamp_ms = 1'700'000'000'001, .token = 8}));
  ASSERT_TRUE(producer->send(topic, {.partition = 0, .value = ByteView(), .timestamp_ms = 1'700'000'000'002, .token = 9}));
  const auto deliveries = collect(*producer, 30'000);
  ASSERT_EQ(deliveries.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(deliveries[i].token, 7 + i);
    EXPECT_EQ(deliveries[i].outcome, DeliveryOutcome::delivered) << deliveries[i].cause;
    EXPECT_EQ(deliveries[i].offset, static_cast<int64_t>(i));
  }
  const auto seen = read_all(kafka.client(), topic, 1);
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].key, "k");
  EXPECT_EQ(seen[0].value, "v");
  EXPECT_EQ(seen[0].timestamp_ms, 1'700'000'000'000);
  const std::vector<std::pair<std::string, std::optional<std::string>>> expected = {
      {"one", "1"}, {"null", std::nullopt}, {"empty", ""}, {"one", "2"}};
  EXPECT_EQ(seen[0].headers, expected);
  EXPECT_EQ(seen[1].key, "gone");
  EXPECT_EQ(seen[1].value, std::nullopt);
  EXPECT_EQ(seen[2].key, std::nullopt);
  EXPECT_EQ(seen[2].value, "");
  EXPECT_TRUE(seen[2].headers.empty());
}

TEST(KafkaProducer, EveryCodecAndPinnedValuesArriveInOrder) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  std::vector<std::string> values;
  for (int i = 0; i < 5000; ++i) values.push_back("value " + std::to_string(i) + std::string(200, 'x'));
  for (const char* codec : {"none", "gzip", "snappy", "lz4", "zstd"}) {
    const std::string topic = make_topic(kafka.client(), 1);
    const auto producer = make_producer(kafka.client(), {.compression = codec});
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_TRUE(producer->send(topic, {.partition = 0, .value = as_bytes(values[i]), .token = i, .value_pinned = true}));
    const auto deliveries = collect(*producer, 30'000);
    ASSERT_EQ(deliveries.size(), values.size());
    const auto seen = read_all(kafka.client(), topic, 1);
    ASSERT_EQ(seen.size(), values.size()) << codec;
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(deliveries[i].outcome, DeliveryOutcome::delivered);
      ASSERT_EQ(deliveries[i].token, i);
      ASSERT_EQ(seen[i].value, values[i]);
    }
  }
}

TEST(KafkaProducer, KeysChooseThePartitionAsJavaDoes) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 7);
  const auto producer = make_producer(kafka.client());
  // Java: Utils.toPositive(Utils.murmur2(key)) % 7
  const std::pair<const char*, int32_t> keys[] = {{"EWR", 1}, {"JFK", 5}, {"LGA", 6}, {"", 2}};
  for (const auto& [key, partition] : keys)
    ASSERT_TRUE(producer->send(topic, {.key = as_bytes(key), .value = as_bytes("v"), .token = static_cast<uint64_t>(partition)}));
  for (const Delivery& delivery : collect(*producer, 30'000))
    EXPECT_EQ(static_cast<uint64_t>(delivery.partition), delivery.token);
}

TEST(KafkaProducer, AFullQueueIsALimitAndNothingIsLost) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  const auto producer = make_producer(kafka.client(), {.linger_ms = 20'000, .queue_messages_max = 10});
  int accepted = 0;
  Status last;
  while ((last = producer->send(topic, {.partition = 0, .value = as_bytes("v")})) && accepted < 1000) ++accepted;
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::limit);
  EXPECT_EQ(accepted, 10);
  EXPECT_EQ(producer->in_flight(), 10u);
  EXPECT_EQ(collect(*producer, 30'000).size(), 10u);
  EXPECT_TRUE(producer->send(topic, {.partition = 0, .value = as_bytes("v")}));
  EXPECT_EQ(collect(*producer, 30'000).size(), 1u);
  EXPECT_EQ(read_all(kafka.client(), topic, 1).size(), 11u);
}

TEST(KafkaProducer, TooLargeForTheTopicIsRejectedAndOthersGoOn) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1, {{"max.message.bytes", "2000"}});
  const auto producer = make_producer(kafka.client(), {.linger_ms = 0});
  const std::string large(5000, 'x');
  ASSERT_TRUE(producer->send(topic, {.partition = 0, .value = as_bytes(large), .token = 1}));
  auto deliveries = collect(*producer, 30'000);
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].outcome, DeliveryOutcome::rejected) << deliveries[0].cause;
  ASSERT_TRUE(producer->send(topic, {.partition = 0, .value = as_bytes("small"), .token = 2}));
  deliveries = collect(*producer, 30'000);
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].outcome, DeliveryOutcome::delivered) << deliveries[0].cause;
  const std::string huge(2'000'000, 'x');
  const auto refused = producer->send(topic, {.partition = 0, .value = as_bytes(huge)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
}

TEST(KafkaProducer, WithoutABrokerMessagesEndAsUnavailableInTime) {
  const auto producer = make_producer(nobody, {.delivery_timeout_ms = 500});
  ASSERT_TRUE(producer->send("t", {.partition = 0, .value = as_bytes("v"), .token = 3}));
  const auto deliveries = collect(*producer, 60'000);
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].token, 3u);
  EXPECT_EQ(deliveries[0].outcome, DeliveryOutcome::unavailable) << deliveries[0].cause;
}

TEST(KafkaProducer, BadSettingsAreRefusedByName) {
  ClientSettings client = nobody;
  client.extra["no.such.setting"] = "1";
  const auto made = Producer::create(client);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid);
  EXPECT_NE(made.error().message.find("no.such.setting"), std::string::npos);
}

TEST(KafkaTransactions, CommittedIsReadAndAbortedIsNot) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  const auto producer = make_producer(kafka.client(), {.transactional_id = topic + "-id"});
  ASSERT_TRUE(producer->init_transactions(30'000).done());
  for (const auto& [value, commit] : {std::pair("a", true), std::pair("b", false), std::pair("c", true)}) {
    ASSERT_TRUE(producer->begin_transaction().done());
    ASSERT_TRUE(producer->send(topic, {.partition = 0, .value = as_bytes(value)}));
    EXPECT_EQ(collect(*producer, 30'000).size(), 1u);
    const auto step = commit ? producer->commit_transaction(30'000) : producer->abort_transaction(30'000);
    EXPECT_TRUE(step.done()) << step.why;
  }
  settle_transactions(kafka.client(), topic + "-id");
  const auto committed = read_all(kafka.client(), topic, 1);
  ASSERT_EQ(committed.size(), 2u);
  EXPECT_EQ(committed[0].value, "a");
  EXPECT_EQ(committed[1].value, "c");
  EXPECT_EQ(read_all(kafka.client(), topic, 1, false).size(), 3u);
}

TEST(KafkaTransactions, TheNewerProducerFencesTheOlder) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  const ProducerSettings settings{.transactional_id = topic + "-id"};
  const auto older = make_producer(kafka.client(), settings);
  ASSERT_TRUE(older->init_transactions(30'000).done());
  ASSERT_TRUE(older->begin_transaction().done());
  ASSERT_TRUE(older->send(topic, {.partition = 0, .value = as_bytes("zombie")}));
  collect(*older, 30'000);
  const auto newer = make_producer(kafka.client(), settings);
  ASSERT_TRUE(newer->init_transactions(30'000).done());
  EXPECT_EQ(older->commit_transaction(30'000).outcome, TransactionOutcome::fenced);
  ASSERT_TRUE(older->fatal());
  EXPECT_EQ(older->fatal()->code, ErrorCode::fenced);
  ASSERT_TRUE(newer->begin_transaction().done());
  ASSERT_TRUE(newer->send(topic, {.partition = 0, .value = as_bytes("new")}));
  ASSERT_TRUE(newer->commit_transaction(30'000).done());
  settle_transactions(kafka.client(), settings.transactional_id);
  const auto seen = read_all(kafka.client(), topic, 1);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].value, "new");
}

TEST(KafkaTransactions, OffsetsGoWithTheTransaction) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  const auto producer = make_producer(kafka.client(), {.transactional_id = topic + "-id"});
  ASSERT_TRUE(producer->init_transactions(30'000).done());
  ASSERT_TRUE(producer->begin_transaction().done());
  const CommittedOffset offset{topic, 0, 42};
  const auto sent = producer->send_offsets({&offset, 1}, topic + "-group", 30'000);
  EXPECT_TRUE(sent.done()) << sent.why;
  EXPECT_TRUE(producer->commit_transaction(30'000).done());
}

TEST(KafkaTransactions, WithoutABrokerEveryStepEndsInTime) {
  const auto producer = make_producer(nobody, {.transactional_id = "id"});
  const auto step = producer->init_transactions(500);
  EXPECT_EQ(step.outcome, TransactionOutcome::retry) << step.why;
}

}  // namespace
}  // namespace holdfast::kafka
