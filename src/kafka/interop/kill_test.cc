#include <gtest/gtest.h>

#include <map>
#include <set>

#include "kafka/interop/real_kafka.h"

namespace holdfast::kafka {
namespace {

constexpr int32_t partitions = 3;

struct Ledger {
  std::map<uint64_t, Delivery> ended;
  std::map<DeliveryOutcome, int> counts;

  void note(std::span<const Delivery> deliveries) {
    for (const Delivery& delivery : deliveries) {
      EXPECT_TRUE(ended.emplace(delivery.token, delivery).second) << "two outcomes for " << delivery.token;
      ++counts[delivery.outcome];
    }
  }
};

/// Sends numbered messages until `accepted` have been taken or `stop` says so.
template <class Stop>
uint64_t send_numbered(Producer& producer, const std::string& topic, Ledger& ledger, uint64_t from, uint64_t count,
                       Stop&& stop) {
  uint64_t next = from;
  while (next < from + count && !stop()) {
    const auto sent = producer.send(topic, {.partition = static_cast<int32_t>(next % partitions),
                                            .value = as_bytes(std::to_string(next)), .token = next});
    if (sent) {
      ++next;
      if (next % 100 == 0) ledger.note(producer.poll(0));
    } else {
      EXPECT_EQ(sent.error().code, ErrorCode::limit) << sent.error().message;
      ledger.note(producer.poll(10));
    }
  }
  return next;
}

TEST(KafkaKilled, OutcomesAreHonestAndNothingAcknowledgedIsLost) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  if (kafka.is_external()) GTEST_SKIP() << "not our broker to kill";
  const std::string topic = make_topic(kafka.client(), partitions);
  const auto producer = Producer::create(
      kafka.client(), {.linger_ms = 1, .batch_messages = 100, .delivery_timeout_ms = 3000, .queue_messages_max = 20'000});
  ASSERT_TRUE(producer);
  Ledger ledger;
  uint64_t next = send_numbered(**producer, topic, ledger, 0, 1'000'000,
                                [&] { return ledger.counts[DeliveryOutcome::delivered] >= 5000; });
  ASSERT_GT((*producer)->in_flight(), 0u) << "the kill has to hit something";
  kafka.kill_hard();
  next = send_numbered(**producer, topic, ledger, next, 1000, [] { return false; });
  ledger.note(collect(**producer, 60'000));
  EXPECT_EQ((*producer)->in_flight(), 0u);
  EXPECT_EQ(ledger.ended.size(), next);
  EXPECT_GT(ledger.counts[DeliveryOutcome::unavailable], 0) << "some were never sent";
  EXPECT_EQ(ledger.counts[DeliveryOutcome::rejected], 0);
  RecordProperty("delivered", ledger.counts[DeliveryOutcome::delivered]);
  RecordProperty("unavailable", ledger.counts[DeliveryOutcome::unavailable]);
  RecordProperty("unknown", ledger.counts[DeliveryOutcome::unknown]);

  ASSERT_TRUE(kafka.start());
  std::map<std::pair<int32_t, int64_t>, uint64_t> found;
  std::set<uint64_t> tokens;
  for (const Seen& seen : read_all(kafka.client(), topic, partitions)) {
    const uint64_t token = std::stoull(*seen.value);
    found[{seen.partition, seen.offset}] = token;
    EXPECT_TRUE(tokens.insert(token).second) << token << " is there twice";
  }
  for (const auto& [token, delivery] : ledger.ended) {
    if (delivery.outcome == DeliveryOutcome::delivered) {
      const auto at = found.find({delivery.partition, delivery.offset});
      ASSERT_TRUE(at != found.end() && at->second == token) << token << " was acknowledged and is lost";
    } else if (delivery.outcome != DeliveryOutcome::unknown) {
      ASSERT_FALSE(tokens.contains(token)) << token << " was called surely not written";
    }
  }
}

TEST(KafkaKilled, AProducerThatWaitsLongEnoughDeliversAllOnceAndInOrder) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  if (kafka.is_external()) GTEST_SKIP() << "not our broker to kill";
  const std::string topic = make_topic(kafka.client(), partitions);
  const auto producer = Producer::create(
      kafka.client(), {.linger_ms = 1, .batch_messages = 100, .delivery_timeout_ms = 120'000, .queue_messages_max = 20'000});
  ASSERT_TRUE(producer);
  Ledger ledger;
  const uint64_t next = send_numbered(**producer, topic, ledger, 0, 1'000'000,
                                [&] { return ledger.counts[DeliveryOutcome::delivered] >= 5000; });
  ASSERT_GT((*producer)->in_flight(), 0u);
  kafka.kill_hard();
  ASSERT_TRUE(kafka.start());
  ledger.note(collect(**producer, 100'000));
  EXPECT_EQ(ledger.counts[DeliveryOutcome::delivered], static_cast<int>(next));
  std::map<int32_t, uint64_t> expected = {{0, 0}, {1, 1}, {2, 2}};
  const auto seen = read_all(kafka.client(), topic, partitions);
  EXPECT_EQ(seen.size(), next);
  for (const Seen& one : seen) {
    ASSERT_EQ(std::stoull(*one.value), expected[one.partition]) << "partition " << one.partition;
    expected[one.partition] += partitions;
  }
}

TEST(KafkaKilled, AConsumerGoesOnAfterARestart) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  if (kafka.is_external()) GTEST_SKIP() << "not our broker to kill";
  const std::string topic = make_topic(kafka.client(), partitions);
  const auto producer = Producer::create(kafka.client(), {.delivery_timeout_ms = 120'000});
  const auto consumer = Consumer::create(kafka.client(), {.fetch_wait_max_ms = 10});
  ASSERT_TRUE(producer && consumer);
  std::vector<Assignment> from;
  for (int32_t i = 0; i < partitions; ++i) from.push_back({topic, i, 0});
  ASSERT_TRUE((*consumer)->assign(from));
  Ledger ledger;
  std::set<uint64_t> seen;
  const auto read_until = [&](size_t count) {
    for (int polls = 0; seen.size() < count && polls < 1000; ++polls) {
      const auto batch = (*consumer)->poll();
      ASSERT_TRUE(batch);
      for (const Message& message : batch->messages())
        ASSERT_TRUE(seen.insert(std::stoull(std::string(as_text(*message.value)))).second);
    }
  };
  send_numbered(**producer, topic, ledger, 0, 100, [] { return false; });
  read_until(100);
  ASSERT_EQ(seen.size(), 100u);
  kafka.kill_hard();
  ASSERT_TRUE(kafka.start());
  send_numbered(**producer, topic, ledger, 100, 100, [] { return false; });
  ledger.note(collect(**producer, 100'000));
  read_until(200);
  EXPECT_EQ(seen.size(), 200u);
}

}  // namespace
}  // namespace holdfast::kafka
