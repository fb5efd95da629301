#include "kafka/consumer.h"

#include <gtest/gtest.h>

#include <set>

#include "base/os/clock.h"
#include "kafka/interop/real_kafka.h"
#include "kafka/ranges.h"

namespace holdfast::kafka {
namespace {

const ClientSettings nobody{.bootstrap_servers = "127.0.0.1:9", .client_id = "interop", .extra = {}};

/// Values "0", "1", ... in each partition.
void fill(const ClientSettings& client, const std::string& topic, int32_t partitions, int count) {
  const auto producer = Producer::create(client);
  ASSERT_TRUE(producer);
  for (int i = 0; i < count; ++i)
    for (int32_t partition = 0; partition < partitions; ++partition)
      ASSERT_TRUE((*producer)->send(topic, {.partition = partition, .value = as_bytes(std::to_string(i))}));
  for (const Delivery& delivery : collect(**producer, 30'000)) ASSERT_EQ(delivery.outcome, DeliveryOutcome::delivered);
  ASSERT_EQ((*producer)->in_flight(), 0u);
}

std::unique_ptr<Consumer> make_consumer(const ClientSettings& client, const ConsumerSettings& settings = {}) {
  auto made = Consumer::create(client, settings);
  EXPECT_TRUE(made);
  return made ? std::move(*made) : nullptr;
}

/// Polls until the predicate on the batch holds; false after a minute.
template <class Predicate>
bool poll_until(Consumer& consumer, Predicate&& done) {
  const int64_t until_ms = os::real_clock().steady_ms() + 60'000;
  while (os::real_clock().steady_ms() < until_ms) {
    const auto batch = consumer.poll();
    if (batch && done(*batch)) return true;
  }
  return false;
}

TEST(KafkaConsumer, ReadsFromTheGivenOffsetsToTheEnds) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 3);
  fill(kafka.client(), topic, 3, 100);
  const auto consumer = make_consumer(kafka.client());
  const Assignment from[] = {{topic, 0, 10}, {topic, 1, 99}, {topic, 2, 100}};
  ASSERT_TRUE(consumer->assign(from));
  std::vector<int64_t> next = {10, 99, 100};
  std::set<int32_t> ended;
  ASSERT_TRUE(poll_until(*consumer, [&](const MessageBatch& batch) {
    for (const Message& message : batch.messages()) {
      EXPECT_EQ(message.offset, next[static_cast<size_t>(message.partition)]++);
      EXPECT_EQ(as_text(*message.value), std::to_string(message.offset));
      EXPECT_EQ(message.topic, topic);
    }
    for (const PartitionEvent& event : batch.events()) {
      EXPECT_EQ(event.kind, PartitionEvent::Kind::end_of_partition);
      EXPECT_EQ(event.offset, 100);
      ended.insert(event.partition);
    }
    return ended.size() == 3;
  }));
  EXPECT_EQ(next, (std::vector<int64_t>{100, 100, 100}));
  fill(kafka.client(), topic, 1, 1);
  ASSERT_TRUE(poll_until(*consumer, [&](const MessageBatch& batch) { return !batch.messages().empty(); }))
      << "goes on behind the end";
}

TEST(KafkaConsumer, KeepsToTheLimitsOfAPoll) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  fill(kafka.client(), topic, 1, 5000);
  const auto consumer = make_consumer(kafka.client());
  const Assignment from{topic, 0, 0};
  ASSERT_TRUE(consumer->assign({&from, 1}));
  int64_t next = 0;
  while (next < 5000) {
    const auto batch = consumer->poll({.timeout_ms = 10'000, .messages_max = 7});
    ASSERT_TRUE(batch);
    ASSERT_LE(batch->messages().size() + batch->events().size(), 7u);
    ASSERT_FALSE(batch->empty());
    for (const Message& message : batch->messages()) ASSERT_EQ(message.offset, next++);
  }
}

TEST(KafkaConsumer, AnOffsetOutOfRangeIsAnEventAndNeverAReset) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  fill(kafka.client(), topic, 1, 10);
  const auto consumer = make_consumer(kafka.client());
  const Assignment beyond{topic, 0, 1000};
  ASSERT_TRUE(consumer->assign({&beyond, 1}));
  ASSERT_TRUE(poll_until(*consumer, [&](const MessageBatch& batch) {
    EXPECT_TRUE(batch.messages().empty());
    for (const PartitionEvent& event : batch.events()) {
      EXPECT_EQ(event.kind, PartitionEvent::Kind::offset_out_of_range);
      EXPECT_EQ(event.topic, topic);
      EXPECT_EQ(event.partition, 0);
      EXPECT_EQ(event.offset, 1000);
    }
    return !batch.events().empty();
  }));
  ASSERT_TRUE(consumer->seek({topic, 0, 5}));
  int64_t next = 5;
  ASSERT_TRUE(poll_until(*consumer, [&](const MessageBatch& batch) {
    for (const Message& message : batch.messages()) EXPECT_EQ(message.offset, next++);
    return next == 10;
  }));
}

TEST(KafkaConsumer, ABatchOutlivesItsConsumer) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  fill(kafka.client(), topic, 1, 10);
  MessageBatch kept;
  {
    const auto consumer = make_consumer(kafka.client());
    const Assignment from{topic, 0, 0};
    ASSERT_TRUE(consumer->assign({&from, 1}));
    ASSERT_TRUE(poll_until(*consumer, [&](const MessageBatch& batch) { return !batch.events().empty(); }));
    ASSERT_TRUE(consumer->seek(from));
    for (int polls = 0; kept.messages().size() < 10 && polls < 1000; ++polls) kept.append(std::move(*consumer->poll()));
  }
  ASSERT_EQ(kept.messages().size(), 10u);
  EXPECT_EQ(as_text(*kept.messages()[9].value), "9");
}

TEST(KafkaConsumer, ASecondAssignmentLeavesNothingOfTheFirst) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 2);
  fill(kafka.client(), topic, 2, 1000);
  const auto consumer = make_consumer(kafka.client());
  for (int round = 0; round < 20; ++round) {
    const Assignment from{topic, round % 2, 500 + round};
    ASSERT_TRUE(consumer->assign({&from, 1}));
    int64_t next = from.offset;
    ASSERT_TRUE(poll_until(*consumer, [&](const MessageBatch& batch) {
      for (const Message& message : batch.messages()) {
        EXPECT_EQ(message.partition, from.partition);
        EXPECT_EQ(message.offset, next++);
      }
      return next > from.offset;
    }));
  }
}

TEST(KafkaConsumer, APausedPartitionIsSilentUntilResumed) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 2);
  fill(kafka.client(), topic, 2, 10);
  const auto consumer = make_consumer(kafka.client());
  const Assignment from[] = {{topic, 0, 0}, {topic, 1, 0}};
  ASSERT_TRUE(consumer->assign(from));
  ASSERT_TRUE(consumer->pause({topic, 0}));
  bool other_ended = false;
  ASSERT_TRUE(poll_until(*consumer, [&](const MessageBatch& batch) {
    for (const Message& message : batch.messages()) EXPECT_EQ(message.partition, 1);
    for (const PartitionEvent& event : batch.events()) other_ended |= event.partition == 1;
    return other_ended;
  }));
  ASSERT_TRUE(consumer->resume({topic, 0}));
  int64_t next = 0;
  ASSERT_TRUE(poll_until(*consumer, [&](const MessageBatch& batch) {
    for (const Message& message : batch.messages()) {
      EXPECT_EQ(message.partition, 0);
      EXPECT_EQ(message.offset, next++);
    }
    return next == 10;
  }));
}

TEST(KafkaConsumer, WithoutABrokerAPollEndsInTimeAndTheTroubleHasAName) {
  const auto consumer = make_consumer(nobody);
  const Assignment from{"t", 0, 0};
  ASSERT_TRUE(consumer->assign({&from, 1}));
  ASSERT_TRUE(poll_until(*consumer, [&](const MessageBatch& batch) {
    EXPECT_TRUE(batch.messages().empty());
    return consumer->trouble().has_value();
  }));
  EXPECT_EQ(consumer->trouble()->code, ErrorCode::unavailable);
  EXPECT_FALSE(consumer->watermarks({"t", 0}, 300));
}

TEST(KafkaRanges, EndBehindTheirLastOffsetsAndOnlyWhatWasAskedIsRead) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 3);
  fill(kafka.client(), topic, 3, 100);
  const auto consumer = make_consumer(kafka.client());
  const OffsetRange ranges[] = {{{topic, 0}, 10, 20}, {{topic, 1}, 0, 100}, {{topic, 2}, 7, 7}};
  std::set<std::pair<int32_t, int64_t>> found, expected;
  const Status read = read_ranges(*consumer, ranges, {.messages_max = 33}, [&](const MessageBatch& batch) {
    EXPECT_LE(batch.messages().size(), 33u);
    for (const Message& message : batch.messages())
      if (message.partition != 0 || message.offset < 20) found.emplace(message.partition, message.offset);
    return Result<bool>(true);
  });
  ASSERT_TRUE(read) << read.error().message;
  for (int64_t offset = 10; offset < 20; ++offset) expected.emplace(0, offset);
  for (int64_t offset = 0; offset < 100; ++offset) expected.emplace(1, offset);
  EXPECT_EQ(found, expected);

  int visits = 0;
  const auto stop_at_once = [&](const MessageBatch&) {
    ++visits;
    return Result<bool>(false);
  };
  EXPECT_TRUE(read_ranges(*consumer, ranges, {.messages_max = 1}, stop_at_once));
  EXPECT_EQ(visits, 1);
}

TEST(KafkaRanges, WhatIsNotKeptIsAnErrorAndSoIsSilence) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  fill(kafka.client(), topic, 1, 10);
  const auto consumer = make_consumer(kafka.client());
  const auto read = [&](Consumer& reader, const OffsetRange& range) {
    return read_ranges(reader, {&range, 1}, {.stall_ms = 500}, [](const MessageBatch&) { return Result<bool>(true); });
  };
  EXPECT_EQ(read(*consumer, {{topic, 0}, 50, 60}).error().code, ErrorCode::corrupt);
  EXPECT_EQ(read(*consumer, {{topic, 0}, 5, 11}).error().code, ErrorCode::timeout);  // the last never comes
  EXPECT_EQ(read(*make_consumer(nobody), {{topic, 0}, 5, 10}).error().code, ErrorCode::timeout);
  EXPECT_TRUE(read(*consumer, {{topic, 0}, 5, 10}));
}

TEST(KafkaTail, FindsTheLastCommittedBehindAborts) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 1);
  auto tail = read_tail(kafka.client(), {topic, 0});
  ASSERT_TRUE(tail) << tail.error().message;
  EXPECT_TRUE(tail->batch.messages().empty());
  EXPECT_EQ(tail->watermarks.high, 0);

  const auto producer = Producer::create(kafka.client(), {.transactional_id = topic + "-id"});
  ASSERT_TRUE(producer);
  ASSERT_TRUE((*producer)->init_transactions(30'000).done());
  const auto transaction = [&](int count, const std::string& value, bool commit) {
    ASSERT_TRUE((*producer)->begin_transaction().done());
    for (int i = 0; i < count; ++i)
      ASSERT_TRUE((*producer)->send(topic, {.partition = 0, .value = as_bytes(value + std::to_string(i))}));
    ASSERT_EQ(collect(**producer, 30'000).size(), static_cast<size_t>(count));
    ASSERT_TRUE((commit ? (*producer)->commit_transaction(30'000) : (*producer)->abort_transaction(30'000)).done());
  };
  transaction(3, "kept", true);
  transaction(700, "aborted", false);
  settle_transactions(kafka.client(), topic + "-id");
  tail = read_tail(kafka.client(), {topic, 0});
  ASSERT_TRUE(tail) << tail.error().message;
  ASSERT_EQ(tail->batch.messages().size(), 1u);
  EXPECT_EQ(as_text(*tail->batch.messages()[0].value), "kept2");
  EXPECT_EQ(tail->watermarks.high, 3 + 1 + 700 + 1);
  tail = read_tail(kafka.client(), {topic, 0}, {.count = 2});
  ASSERT_TRUE(tail);
  ASSERT_EQ(tail->batch.messages().size(), 2u);
  EXPECT_EQ(as_text(*tail->batch.messages()[0].value), "kept1");
  tail = read_tail(kafka.client(), {topic, 0}, {.count = 2, .read_committed = false});
  ASSERT_TRUE(tail);
  ASSERT_EQ(tail->batch.messages().size(), 2u);
  EXPECT_EQ(as_text(*tail->batch.messages()[1].value), "aborted699");
}

TEST(KafkaTail, WithoutABrokerItEndsInTime) {
  const auto tail = read_tail(nobody, {"t", 0}, {.timeout_ms = 500});
  ASSERT_FALSE(tail);
  EXPECT_TRUE(tail.error().code == ErrorCode::timeout || tail.error().code == ErrorCode::unavailable);
}

TEST(KafkaAdmin, TopicsComeAndGo) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const auto admin = Admin::create(kafka.client());
  ASSERT_TRUE(admin);
  ASSERT_TRUE((*admin)->wait_for_broker(30'000));
  const NewTopic topic{.name = fresh_topic_name(), .partitions = 4, .replication_factor = 1,
                       .configs = {{"retention.ms", "1000000"}}};
  ASSERT_TRUE((*admin)->create_topic(topic, 30'000));
  EXPECT_EQ((*admin)->create_topic(topic, 30'000).error().code, ErrorCode::exists);
  EXPECT_TRUE((*admin)->ensure_topic(topic, 30'000));
  EXPECT_EQ((*admin)->topic(topic.name, 30'000)->partitions, 4);
  const auto all = (*admin)->topics(30'000);
  ASSERT_TRUE(all);
  EXPECT_TRUE(std::any_of(all->begin(), all->end(), [&](const TopicInfo& one) { return one.name == topic.name; }));
  EXPECT_EQ((*admin)->topic(fresh_topic_name(), 30'000).error().code, ErrorCode::not_found);
  EXPECT_EQ((*admin)->create_topic({.name = "no/good", .configs = {}}, 30'000).error().code, ErrorCode::invalid);
  EXPECT_TRUE((*admin)->delete_topic(topic.name, 30'000));
  EXPECT_EQ((*admin)->delete_topic(fresh_topic_name(), 30'000).error().code, ErrorCode::not_found);
}

TEST(KafkaAdmin, TellsTheWatermarksOfManyPartitions) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  const std::string topic = make_topic(kafka.client(), 50);
  fill(kafka.client(), topic, 20, 3);
  std::vector<TopicPartition> partitions;
  for (int32_t i = 49; i >= 0; --i) partitions.push_back({topic, i});
  const auto admin = Admin::create(kafka.client());
  ASSERT_TRUE(admin);
  const auto found = (*admin)->watermarks(partitions, 30'000);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 50u);
  for (size_t i = 0; i < 50; ++i) {
    EXPECT_EQ((*found)[i].low, 0);
    EXPECT_EQ((*found)[i].high, partitions[i].partition < 20 ? 3 : 0) << partitions[i].partition;
  }
}

TEST(KafkaAdmin, WithoutABrokerEveryCallEndsInTime) {
  const auto admin = Admin::create(nobody);
  ASSERT_TRUE(admin);
  EXPECT_EQ((*admin)->wait_for_broker(300).error().code, ErrorCode::timeout);
  EXPECT_FALSE((*admin)->create_topic({.name = "t", .configs = {}}, 300));
  EXPECT_FALSE((*admin)->delete_topic("t", 300));
  EXPECT_FALSE((*admin)->topics(300));
  const TopicPartition partition{"t", 0};
  EXPECT_FALSE((*admin)->watermarks({&partition, 1}, 300));
}

}  // namespace
}  // namespace holdfast::kafka
