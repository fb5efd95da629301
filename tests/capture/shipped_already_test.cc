// What is in a topic already, read from its partitions, among the events of others.
#include "pipeline/shipped_already.h"

#include <gtest/gtest.h>

#include "children.h"
#include "kafka/admin.h"
#include "kafka/producer.h"

namespace holdfast::pipeline {
namespace {

class ShippedAlreadyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    broker_.start();
    client_.bootstrap_servers = broker_.bootstrap();
    auto admin = kafka::Admin::create(client_);
    ASSERT_TRUE(
        (*admin)->ensure_topic({.name = "t", .partitions = partitions, .configs = {}}, 10'000));
    producer_ = *kafka::Producer::create(client_);
    consumer_ = *kafka::Consumer::create(client_);
  }
  void send(std::string_view source, int64_t epoch, int64_t sequence, int32_t partition) {
    ASSERT_TRUE(send_stamped(*producer_, "t", partition, {source, epoch, sequence}, "v"));
  }
  ShippedAlready find(int64_t known_below, int64_t next, int32_t partition_count = partitions) {
    for (const kafka::Delivery& delivery : producer_->flush(10'000)) {
      EXPECT_EQ(delivery.outcome, kafka::DeliveryOutcome::delivered);
    }
    auto found = find_shipped(
        *consumer_, "t", partition_count,
        {.source = "ewr", .epoch = 5, .known_below = known_below, .next = next}, 10'000);
    EXPECT_TRUE(found) << found.error().message;
    return *found;
  }

  static constexpr int32_t partitions = 3;
  BrokerChild broker_;
  kafka::ClientSettings client_;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<kafka::Consumer> consumer_;
};

TEST_F(ShippedAlreadyTest, KnowsExactlyWhichEventsGotInThoughSomeInBetweenDidNot) {
  for (int64_t sequence = 0; sequence < 3000; ++sequence) {
    const auto partition = static_cast<int32_t>(sequence % partitions);
    if (partition != 1 || sequence < 2000) send("ewr", 5, sequence, partition);
  }
  const ShippedAlready found = find(1500, 4000);
  for (int64_t sequence = 0; sequence < 4000; ++sequence) {
    const bool there = sequence < 3000 && (sequence % partitions != 1 || sequence < 2000);
    ASSERT_EQ(found.contains(sequence), there || sequence < 1500) << sequence;
  }
}

TEST_F(ShippedAlreadyTest, LooksPastTheEventsOfOthersAndOfOtherEpochs) {
  for (int64_t sequence = 0; sequence < 10; ++sequence) send("ewr", 5, sequence, 0);
  for (int64_t sequence = 0; sequence < 5000; ++sequence) {
    send("jfk", 5, sequence, 0);
    send("ewr", 4, sequence, 1);
  }
  const ShippedAlready found = find(0, 20);
  for (int64_t sequence = 0; sequence < 20; ++sequence)
    EXPECT_EQ(found.contains(sequence), sequence < 10);
}

TEST_F(ShippedAlreadyTest, FindsNothingInAnEmptyTopicAndAsksNobodyForAnEmptyRange) {
  EXPECT_FALSE(find(0, 10).contains(0));
  broker_.kill_hard();
  EXPECT_TRUE(find_shipped(*consumer_, "t", partitions,
                           {.source = "ewr", .epoch = 5, .known_below = 7, .next = 7}, 1)
                  ->contains(6));
}

}  // namespace
}  // namespace holdfast::pipeline
