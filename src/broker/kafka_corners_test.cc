// Corners in which tools notice whether a broker answers as Apache Kafka does. tests/differential
// looks at many more of them, with a Kafka beside it.
#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "wire/messages/create_acls.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/delete_acls.h"
#include "wire/messages/delete_records.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/fetch.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/list_offsets.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using NewTopic = wire::CreateTopicsRequest::Topic;

class KafkaCorners : public WithBroker<> {
 protected:
  std::vector<wire::CreateTopicsResponse::Topic> create(std::vector<NewTopic> topics,
                                                        bool validate_only = false) {
    wire::CreateTopicsRequest request;
    request.topics = std::move(topics);
    request.validate_only = validate_only;
    return client_->call<wire::CreateTopicsResponse>(request, 7).topics;
  }
  static NewTopic topic(std::string_view name, std::vector<NewTopicConfig> configs = {}) {
    return new_topic(name, 2, std::move(configs));
  }
  Code create_one(std::string_view name) { return create({topic(name)}).at(0).error_code; }
  std::vector<wire::DescribeConfigsResponse::Resource::Config> configs(
      int8_t type, std::string_view name, std::optional<std::vector<std::string_view>> keys = {}) {
    wire::DescribeConfigsRequest request;
    request.resources.push_back({type, name, {}});
    if (keys) request.resources[0].configuration_keys.emplace(keys->begin(), keys->end());
    const auto result = client_->call<wire::DescribeConfigsResponse>(request, 4).results.at(0);
    EXPECT_EQ(result.error_code, Code::none);
    return result.configs;
  }
};

TEST_F(KafkaCorners, NamesThatDifferInDotsAndUnderscoresOnlyCollide) {
  ASSERT_EQ(create_one("a.b_c"), Code::none);
  EXPECT_EQ(create_one("a_b.c"), Code::invalid_topic_exception);
  EXPECT_EQ(create_one("a.b.c"), Code::invalid_topic_exception);
  EXPECT_EQ(create_one("a.b_c"), Code::topic_already_exists);
  EXPECT_EQ(create_one("a.b-c"), Code::none);
  EXPECT_EQ(create_one("a.b_c.d"), Code::none);
  EXPECT_EQ(create_one("a"), Code::none);
  ASSERT_EQ(create_one("_x"), Code::none);
  EXPECT_EQ(create_one(".x"), Code::invalid_topic_exception);
  EXPECT_EQ(create_one("__cluster_metadata"), Code::invalid_request);
}

TEST_F(KafkaCorners, ATopicThatIsOnlyValidatedIsDescribed) {
  const auto answers = create({topic("t", {{"retention.ms", "77"}})}, true);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].error_code, Code::none);
  EXPECT_EQ(answers[0].num_partitions, 2);
  EXPECT_EQ(answers[0].replication_factor, 1);
  std::string retention;
  for (const auto& config : *answers[0].configs)
    if (config.name == "retention.ms") retention = config.value.value_or("");
  EXPECT_EQ(retention, "77");
  EXPECT_EQ(create_one("t"), Code::none);
}

TEST_F(KafkaCorners, WhatIsTwiceInARequestIsAnsweredOnce) {
  const auto created = create({topic("t"), topic("t"), topic("u")});
  ASSERT_EQ(created.size(), 2u);
  EXPECT_EQ(created[0].error_code, Code::invalid_request);
  EXPECT_EQ(created[1].error_code, Code::none);
  wire::CreatePartitionsRequest grow;
  grow.topics = {{"u", 4, {}}, {"u", 5, {}}};
  const auto grown = client_->call<wire::CreatePartitionsResponse>(grow, 3).results;
  ASSERT_EQ(grown.size(), 1u);
  EXPECT_EQ(grown[0].error_code, Code::invalid_request);
}

TEST_F(KafkaCorners, RecordsOfACompactedTopicAreNotDeletedByOffset) {
  create({topic("c", {{"cleanup.policy", "compact"}}),
          topic("both", {{"cleanup.policy", "compact,delete"}})});
  wire::DeleteRecordsRequest request;
  request.topics = {{"c", {{0, 0}}}, {"both", {{0, 0}}}};
  const auto topics = client_->call<wire::DeleteRecordsResponse>(request, 2).topics;
  EXPECT_EQ(topics.at(0).partitions.at(0).error_code, Code::policy_violation);
  EXPECT_EQ(topics.at(1).partitions.at(0).error_code, Code::none);
}

TEST_F(KafkaCorners, MeaningsOfTimesBelongToVersions) {
  create({topic("t")});
  const auto code = [&](int64_t timestamp, int16_t version) {
    wire::ListOffsetsRequest request;
    request.topics.push_back({"t", {{0, -1, timestamp}}});
    return client_->call<wire::ListOffsetsResponse>(request, version)
        .topics.at(0)
        .partitions.at(0)
        .error_code;
  };
  EXPECT_EQ(code(-2, 1), Code::none);
  EXPECT_EQ(code(-3, 6), Code::unsupported_version);
  EXPECT_EQ(code(-3, 7), Code::none);
  EXPECT_EQ(code(-4, 7), Code::unsupported_version);
  EXPECT_EQ(code(-4, 8), Code::none);
  EXPECT_EQ(code(-5, 8), Code::unsupported_version);
  EXPECT_EQ(code(-5, 9), Code::none);
  EXPECT_EQ(code(-6, 10), Code::unsupported_version);
  EXPECT_EQ(code(-6, 11), Code::none);
  EXPECT_EQ(code(-7, 11), Code::unsupported_version);
}

TEST_F(KafkaCorners, NobodyReadsAsAReplicaOrWritesToAnInternalTopic) {
  create({topic("t"), topic("__consumer_offsets")});
  wire::FetchRequest fetch;
  fetch.replica_id = 2;
  fetch.topics.push_back(
      {"t", {}, {{.partition = 0, .partition_max_bytes = 1000, .replica_directory_id = {}}}});
  EXPECT_EQ(
      client_->call<wire::FetchResponse>(fetch, 12).responses.at(0).partitions.at(0).error_code,
      Code::not_leader_or_follower);
  const ByteBuffer batch = make_batch({"a"});
  wire::ProduceRequest produce;
  produce.acks = -1;
  produce.timeout_ms = 10'000;
  produce.topic_data.push_back({"__consumer_offsets", {}, {{0, batch}}});
  EXPECT_EQ(client_->call<wire::ProduceResponse>(produce, 9)
                .responses.at(0)
                .partition_responses.at(0)
                .error_code,
            Code::invalid_topic_exception);
  for (const auto& each : client_->call<wire::MetadataResponse>(wire::MetadataRequest{}, 12).topics)
    EXPECT_EQ(each.is_internal, each.name == "__consumer_offsets");
}

TEST_F(KafkaCorners, NoKeysMeansAllKeysAndNoBrokerWhatWasChangedForAll) {
  create({topic("t")});
  const size_t all = configs(2, "t").size();
  EXPECT_GT(all, 30u);
  EXPECT_EQ(configs(2, "t", std::vector<std::string_view>{}).size(), all);
  EXPECT_EQ(configs(2, "t", std::vector<std::string_view>{"retention.ms", "none"}).size(), 1u);
  EXPECT_EQ(configs(4, "").size(), 0u);
  EXPECT_GT(configs(4, "1").size(), 20u);
  EXPECT_EQ(configs(32, "some group").size(), 0u);
  wire::IncrementalAlterConfigsRequest change;
  change.resources.push_back({4, "", {{"message.max.bytes", 0, "90000"}}});
  change.resources.push_back({2, "t", {{"never.was", 1, std::nullopt}}});
  change.resources.push_back({2, "a/b", {{"retention.ms", 0, "1"}}});
  const auto changed = client_->call<wire::IncrementalAlterConfigsResponse>(change, 1).responses;
  EXPECT_EQ(changed.at(0).error_code, Code::none);
  EXPECT_EQ(changed.at(1).error_code, Code::none);
  EXPECT_EQ(changed.at(2).error_code, Code::invalid_topic_exception);
  ASSERT_EQ(configs(4, "").size(), 1u);
  EXPECT_EQ(configs(4, "")[0].value, "90000");
}

TEST_F(KafkaCorners, ListsAreChangedWordByWordInTheirOrder) {
  create({topic("t", {{"cleanup.policy", "compact"}})});
  enum Operation : int8_t { add = 2, take = 3 };
  const auto after = [&](Operation operation, std::string_view words) {
    wire::IncrementalAlterConfigsRequest change;
    change.resources.push_back({2, "t", {{"cleanup.policy", operation, words}}});
    const auto answers = client_->call<wire::IncrementalAlterConfigsResponse>(change, 1).responses;
    EXPECT_EQ(answers.at(0).error_code, Code::none);
    return configs(2, "t", std::vector<std::string_view>{"cleanup.policy"}).at(0).value;
  };
  EXPECT_EQ(after(add, "delete,compact"), "compact,delete");
  EXPECT_EQ(after(add, "compact"), "compact,delete");
  EXPECT_EQ(after(take, "delete,never.was"), "compact");
  EXPECT_EQ(after(add, "delete"), "compact,delete");
  EXPECT_EQ(after(take, "compact"), "delete");
}

TEST_F(KafkaCorners, ARatioIsAtMostOne) {
  EXPECT_EQ(create({topic("t", {{"min.cleanable.dirty.ratio", "1.1"}})}).at(0).error_code,
            Code::invalid_config);
  EXPECT_EQ(create({topic("t", {{"min.cleanable.dirty.ratio", "1"}})}).at(0).error_code,
            Code::none);
}

TEST_F(KafkaCorners, ANumberOfPartitionsBelowAllNumbersIsRefused) {
  create({topic("t")});
  wire::CreatePartitionsRequest grow;
  grow.topics = {{"t", INT32_MIN, {}}};
  EXPECT_EQ(client_->call<wire::CreatePartitionsResponse>(grow, 3).results.at(0).error_code,
            Code::invalid_partitions);
  EXPECT_EQ(create_one("t"), Code::topic_already_exists);
}

TEST_F(KafkaCorners, AccessRulesAreRefusedOneByOne) {
  wire::CreateAclsRequest create_acls;
  create_acls.creations.resize(2);
  const auto created = client_->call<wire::CreateAclsResponse>(create_acls, 3).results;
  ASSERT_EQ(created.size(), 2u);
  EXPECT_EQ(created[1].error_code, Code::security_disabled);
  wire::DeleteAclsRequest delete_acls;
  delete_acls.filters.resize(1);
  const auto deleted = client_->call<wire::DeleteAclsResponse>(delete_acls, 1).filter_results;
  ASSERT_EQ(deleted.size(), 1u);
  EXPECT_EQ(deleted[0].error_code, Code::security_disabled);
}

}  // namespace
}  // namespace holdfast::broker
