#include <gtest/gtest.h>

#include "broker/api_table.h"
#include "broker/broker_for_tests.h"
#include "wire/messages/alter_configs.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/delete_records.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/describe_cluster.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/describe_topic_partitions.h"
#include "wire/messages/fetch.h"
#include "wire/messages/find_coordinator.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/list_offsets.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/offset_for_leader_epoch.h"
#include "wire/messages/produce.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using NewTopic = wire::CreateTopicsRequest::Topic;

class Admin : public WithBroker<> {
 protected:
  Admin() { settings_.default_partitions = 3; }

  static NewTopic topic(std::string_view name, int32_t partitions = 1, int16_t replicas = 1) {
    NewTopic wanted = new_topic(name, partitions);
    wanted.replication_factor = replicas;
    return wanted;
  }
  wire::CreateTopicsResponse::Topic create(const NewTopic& wanted, bool validate_only = false) {
    wire::CreateTopicsRequest request;
    request.topics.push_back(wanted);
    request.validate_only = validate_only;
    return client_->call<wire::CreateTopicsResponse>(request, 7).topics.at(0);
  }
  wire::MetadataResponse::Topic metadata(std::string_view name, bool create_it = false) {
    wire::MetadataRequest request;
    request.topics.emplace().push_back({{}, name});
    request.allow_auto_topic_creation = create_it;
    return client_->call<wire::MetadataResponse>(request, 12).topics.at(0);
  }
  void produce(std::string_view name, int records) {
    const ByteBuffer batch =
        make_batch(std::vector<std::string>(static_cast<size_t>(records), "v"));
    wire::ProduceRequest request;
    request.acks = -1;
    request.topic_data.push_back({name, {}, {{0, batch}}});
    client_->call<wire::ProduceResponse>(request, 9);
  }
  std::map<std::string, std::pair<std::string, int>> configs(int8_t type, std::string_view name) {
    wire::DescribeConfigsRequest request;
    request.resources.push_back({type, name, {}});
    std::map<std::string, std::pair<std::string, int>> found;
    const auto response = client_->call<wire::DescribeConfigsResponse>(request, 4);
    for (const auto& c : response.results.at(0).configs) {
      found[c.name] = {*c.value, c.config_source};
    }
    return found;
  }
  Code change(int8_t type, std::string_view name, std::string_view key, int8_t operation,
              std::string_view value) {
    wire::IncrementalAlterConfigsRequest request;
    request.resources.push_back({type, name, {{key, operation, value}}});
    return client_->call<wire::IncrementalAlterConfigsResponse>(request, 1)
        .responses.at(0)
        .error_code;
  }
};

TEST_F(Admin, TellsItsVersionsFromTheOneListOfApis) {
  const auto response = client_->call<wire::ApiVersionsResponse>(
      wire::ApiVersionsRequest{.client_software_name = "t", .client_software_version = "1"}, 3);
  ASSERT_EQ(response.api_keys.size(), served_apis().size());
  for (size_t i = 0; i < response.api_keys.size(); ++i) {
    EXPECT_EQ(response.api_keys[i].api_key, static_cast<int16_t>(served_apis()[i].spec->key));
    EXPECT_EQ(response.api_keys[i].max_version, served_apis()[i].versions.max);
    if (i == 0) continue;
    EXPECT_LT(response.api_keys[i - 1].api_key, response.api_keys[i].api_key);
  }
  EXPECT_EQ(response.api_keys.at(0).min_version, 0) << "old librdkafka looks for Produce 0";
}

TEST_F(Admin, ATopicThatIsAskedForIsCreatedIfTheClientAgrees) {
  EXPECT_EQ(metadata("auto").error_code, Code::unknown_topic_or_partition);
  const auto created = metadata("auto", true);
  EXPECT_EQ(created.error_code, Code::none);
  EXPECT_EQ(created.partitions.size(), 3u);
  EXPECT_EQ(metadata("no good name", true).error_code, Code::invalid_topic_exception);
  wire::MetadataRequest by_id;
  by_id.topics.emplace().push_back({created.topic_id, {}});
  EXPECT_EQ(client_->call<wire::MetadataResponse>(by_id, 12).topics.at(0).name, "auto");
  const auto all = client_->call<wire::MetadataResponse>(wire::MetadataRequest{}, 12);
  EXPECT_EQ(all.topics.size(), 1u);
  EXPECT_EQ(all.brokers.at(0).port, broker_->address().port);
  EXPECT_EQ(all.cluster_id, broker_->cluster_id());
}

TEST_F(Admin, CreateTopicsChecksEverythingBeforeItCreates) {
  EXPECT_EQ(create(topic("bad/name")).error_code, Code::invalid_topic_exception);
  EXPECT_EQ(create(topic("..")).error_code, Code::invalid_topic_exception);
  EXPECT_EQ(create(topic(std::string(250, 'a'))).error_code, Code::invalid_topic_exception);
  EXPECT_EQ(create(topic("t", 0)).error_code, Code::invalid_partitions);
  EXPECT_EQ(create(topic("t", 200'000)).error_code, Code::invalid_partitions);
  EXPECT_EQ(create(topic("t", 1, 0)).error_code, Code::invalid_replication_factor);
  NewTopic configured = topic("t");
  configured.configs = {{"retention.ms", "soon"}};
  EXPECT_EQ(create(configured).error_code, Code::invalid_config);
  configured.configs = {{"no.such.key", "1"}};
  EXPECT_EQ(create(configured).error_code, Code::invalid_config);
  NewTopic assigned = topic("t", -1, -1);
  assigned.assignments = {{0, {2}}};
  EXPECT_EQ(create(assigned).error_code, Code::invalid_replica_assignment);
  EXPECT_EQ(create(topic("t"), true).error_code, Code::none);
  EXPECT_EQ(metadata("t").error_code, Code::unknown_topic_or_partition)
      << "nothing of it was created";

  assigned.assignments = {{0, {1}}, {1, {1}}};
  EXPECT_EQ(create(assigned).num_partitions, 2);
  EXPECT_EQ(create(topic("t")).error_code, Code::topic_already_exists);
  const auto defaults = create(topic("d", -1, -1));
  EXPECT_EQ(defaults.num_partitions, 3);
  EXPECT_TRUE(defaults.configs.has_value()) << "Java reads it without looking";
  EXPECT_EQ(create(topic("replicated", 1, 3)).replication_factor, 1) << "clamped";
  wire::CreateTopicsRequest twice;
  twice.topics = {topic("x"), topic("x")};
  for (const auto& answer : client_->call<wire::CreateTopicsResponse>(twice, 5).topics) {
    EXPECT_EQ(answer.error_code, Code::invalid_request);
  }
}

TEST_F(Admin, DeletedTopicsAreGoneAndANamesakeIsEmpty) {
  const auto first = create(topic("t"));
  produce("t", 5);
  wire::DeleteTopicsRequest request;
  request.topics = {{"t", {}}};
  EXPECT_EQ(client_->call<wire::DeleteTopicsResponse>(request, 6).responses.at(0).error_code,
            Code::none);
  EXPECT_EQ(client_->call<wire::DeleteTopicsResponse>(request, 6).responses.at(0).error_code,
            Code::unknown_topic_or_partition);
  const auto second = create(topic("t"));
  EXPECT_NE(second.topic_id, first.topic_id);
  restart();
  wire::ListOffsetsRequest end;
  end.topics.push_back({"t", {{0, -1, -1}}});
  EXPECT_EQ(client_->call<wire::ListOffsetsResponse>(end, 5).topics.at(0).partitions.at(0).offset,
            0);
  request.topics = {{{}, first.topic_id}};
  EXPECT_EQ(client_->call<wire::DeleteTopicsResponse>(request, 6).responses.at(0).error_code,
            Code::unknown_topic_id);
  request.topics = {{{}, second.topic_id}};
  EXPECT_EQ(client_->call<wire::DeleteTopicsResponse>(request, 6).responses.at(0).name, "t");
}

TEST_F(Admin, ADeletedTopicWakesTheFetchThatWaitsForIt) {
  create(topic("t"));
  TestClient reader(broker_->address());
  wire::FetchRequest fetch;
  fetch.max_wait_ms = 60'000;
  fetch.min_bytes = 1;
  fetch.topics.push_back({"t", {}, {{}}});
  reader.send(fetch, 11);
  wire::DeleteTopicsRequest request;
  request.topic_names = {"t"};
  client_->call<wire::DeleteTopicsResponse>(request, 5);
  EXPECT_EQ(reader.receive<wire::FetchResponse>(11).responses.at(0).partitions.at(0).error_code,
            Code::unknown_topic_or_partition);
}

TEST_F(Admin, PartitionsCanOnlyBeAdded) {
  create(topic("t", 2));
  wire::CreatePartitionsRequest request;
  request.topics = {{"t", 4, {}}};
  const auto grow = [&] {
    return client_->call<wire::CreatePartitionsResponse>(request, 3).results.at(0).error_code;
  };
  request.validate_only = true;
  EXPECT_EQ(grow(), Code::none);
  EXPECT_EQ(metadata("t").partitions.size(), 2u);
  request.validate_only = false;
  EXPECT_EQ(grow(), Code::none);
  EXPECT_EQ(grow(), Code::invalid_partitions);
  restart();
  EXPECT_EQ(metadata("t").partitions.size(), 4u);
}

TEST_F(Admin, SettingsTellWhereTheyComeFromAndSurviveARestart) {
  create(topic("t"));
  EXPECT_EQ(configs(2, "t")["max.message.bytes"], (std::pair<std::string, int>{"1048588", 5}));
  EXPECT_EQ(configs(4, "1")["num.partitions"], (std::pair<std::string, int>{"3", 4}));
  EXPECT_EQ(configs(4, "1")["default.replication.factor"], (std::pair<std::string, int>{"1", 5}));
  EXPECT_EQ(change(4, "1", "message.max.bytes", 0, "5000"), Code::none);
  EXPECT_EQ(configs(2, "t")["max.message.bytes"], (std::pair<std::string, int>{"5000", 2}));
  EXPECT_EQ(change(2, "t", "max.message.bytes", 0, "7000"), Code::none);
  EXPECT_EQ(change(2, "t", "cleanup.policy", 2, "compact"), Code::none);
  restart();
  EXPECT_EQ(configs(2, "t")["max.message.bytes"], (std::pair<std::string, int>{"7000", 1}));
  EXPECT_EQ(configs(2, "t")["cleanup.policy"].first, "delete,compact");
  EXPECT_EQ(change(2, "t", "cleanup.policy", 3, "delete"), Code::none);
  EXPECT_EQ(configs(2, "t")["cleanup.policy"].first, "compact");
  EXPECT_EQ(change(2, "t", "max.message.bytes", 1, ""), Code::none);
  EXPECT_EQ(configs(2, "t")["max.message.bytes"].second, 2);

  EXPECT_EQ(change(2, "t", "max.message.bytes", 0, "many"), Code::invalid_config);
  EXPECT_EQ(change(2, "t", "cleanup.policy", 0, "burn"), Code::invalid_config);
  EXPECT_EQ(change(2, "t", "max.message.bytes", 2, "1"), Code::invalid_config) << "no list";
  EXPECT_EQ(change(2, "nowhere", "retention.ms", 0, "1"), Code::unknown_topic_or_partition);
  EXPECT_EQ(change(4, "1", "node.id", 0, "2"), Code::invalid_request);
  EXPECT_EQ(change(8, "1", "x", 0, "2"), Code::invalid_request);

  wire::AlterConfigsRequest replace;
  replace.resources.push_back({2, "t", {{"retention.ms", "9"}}});
  EXPECT_EQ(client_->call<wire::AlterConfigsResponse>(replace, 2).responses.at(0).error_code,
            Code::none);
  EXPECT_EQ(configs(2, "t")["cleanup.policy"].second, 5);
  EXPECT_EQ(configs(2, "t")["retention.ms"], (std::pair<std::string, int>{"9", 1}));
}

TEST_F(Admin, DeletedRecordsStayDeleted) {
  create(topic("t"));
  for (int i = 0; i < 3; ++i) produce("t", 10);
  wire::DeleteRecordsRequest request;
  request.topics.push_back({"t", {{0, 15}}});
  const auto move = [&](int64_t offset) {
    request.topics[0].partitions[0].offset = offset;
    return client_->call<wire::DeleteRecordsResponse>(request, 2).topics.at(0).partitions.at(0);
  };
  EXPECT_EQ(move(15).low_watermark, 15);
  EXPECT_EQ(move(3).low_watermark, 15) << "never back";
  EXPECT_EQ(move(31).error_code, Code::offset_out_of_range);
  restart();
  wire::FetchRequest fetch;
  fetch.topics.push_back({"t", {}, {{}}});
  fetch.topics[0].partitions[0].fetch_offset = 14;
  const auto refused =
      client_->call<wire::FetchResponse>(fetch, 11).responses.at(0).partitions.at(0);
  EXPECT_EQ(refused.error_code, Code::offset_out_of_range);
  EXPECT_EQ(refused.log_start_offset, -1);
  EXPECT_EQ(move(-1).low_watermark, 30);
  wire::ListOffsetsRequest by_time;
  by_time.topics.push_back({"t", {{0, -1, 0}}});
  EXPECT_EQ(
      client_->call<wire::ListOffsetsResponse>(by_time, 5).topics.at(0).partitions.at(0).offset,
      -1);
}

TEST_F(Admin, CommittedOffsetsAreKeptInEveryVersion) {
  const auto created = create(topic("t", 2));
  for (int16_t version = 2; version <= 10; ++version) {
    SCOPED_TRACE(version);
    wire::OffsetCommitRequest commit;
    commit.group_id = "g";
    commit.topics.push_back({"t", created.topic_id, {{1, 100 + version, 0, "note"}}});
    const auto kept = client_->call<wire::OffsetCommitResponse>(commit, version);
    EXPECT_EQ(kept.topics.at(0).partitions.at(0).error_code, Code::none);
    if (version == 5) restart();
    for (int16_t reading = 1; reading <= 10; ++reading) {
      SCOPED_TRACE(reading);
      wire::OffsetFetchRequest fetch;
      fetch.group_id = "g";
      fetch.topics.emplace().push_back({"t", {0, 1}});
      fetch.groups.push_back(
          {.group_id = "g", .member_id = {}, .topics = {{{"t", created.topic_id, {0, 1}}}}});
      const auto response = client_->call<wire::OffsetFetchResponse>(fetch, reading);
      const auto check = [&](const auto& partitions) {
        EXPECT_EQ(partitions.at(0).committed_offset, -1);
        EXPECT_EQ(partitions.at(1).committed_offset, 100 + version);
        EXPECT_EQ(partitions.at(1).metadata, "note");
      };
      if (reading >= 8) check(response.groups.at(0).topics.at(0).partitions);
      if (reading < 8) check(response.topics.at(0).partitions);
    }
  }
}

TEST_F(Admin, OffsetsThatCannotBeKeptAreRefusedOneByOne) {
  create(topic("t"));
  wire::OffsetCommitRequest commit;
  commit.group_id = "g";
  const std::string long_note(4097, 'x');
  commit.topics.push_back({"t", {}, {{0, 1, 0, "fits"}, {9, 1, 0, ""}, {0, 2, 0, long_note}}});
  const auto answers = client_->call<wire::OffsetCommitResponse>(commit, 8).topics.at(0).partitions;
  EXPECT_EQ(answers.at(0).error_code, Code::none);
  EXPECT_EQ(answers.at(1).error_code, Code::unknown_topic_or_partition);
  EXPECT_EQ(answers.at(2).error_code, Code::offset_metadata_too_large);
  commit.generation_id_or_member_epoch = 3;
  commit.member_id = "m";
  EXPECT_EQ(
      client_->call<wire::OffsetCommitResponse>(commit, 8).topics.at(0).partitions.at(0).error_code,
      Code::unknown_member_id);
  wire::OffsetFetchRequest all;
  all.groups.push_back({.group_id = "g", .member_id = {}, .topics = {}});
  EXPECT_EQ(client_->call<wire::OffsetFetchResponse>(all, 8)
                .groups.at(0)
                .topics.at(0)
                .partitions.at(0)
                .committed_offset,
            1);
}

TEST_F(Admin, TopicPartitionsComePageByPage) {
  create(topic("a", 3));
  create(topic("b", 2));
  wire::DescribeTopicPartitionsRequest request;
  request.response_partition_limit = 2;
  std::vector<std::string> seen;
  std::optional<wire::DescribeTopicPartitionsResponse::Cursor> cursor;
  for (int page = 0; page < 10; ++page) {
    if (cursor) request.cursor = {cursor->topic_name, cursor->partition_index};
    auto response = client_->call<wire::DescribeTopicPartitionsResponse>(request, 0);
    for (const auto& t : response.topics) {
      for (const auto& p : t.partitions)
        seen.push_back(*t.name + std::to_string(p.partition_index));
    }
    cursor = response.next_cursor;
    if (!cursor) break;
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"a0", "a1", "a2", "b0", "b1"}));
}

TEST_F(Admin, TheClusterAndItsOneEpochAreDescribed) {
  create(topic("t"));
  produce("t", 4);
  const auto cluster =
      client_->call<wire::DescribeClusterResponse>(wire::DescribeClusterRequest{}, 1);
  EXPECT_EQ(cluster.cluster_id, broker_->cluster_id());
  EXPECT_EQ(cluster.brokers.at(0).port, broker_->address().port);
  wire::DescribeClusterRequest controllers;
  controllers.endpoint_type = 2;
  EXPECT_EQ(client_->call<wire::DescribeClusterResponse>(controllers, 1).error_code,
            Code::mismatched_endpoint_type);
  wire::OffsetForLeaderEpochRequest epoch;
  epoch.topics.push_back({"t", {{0, -1, 0}, {0, -1, 7}, {0, 7, 0}}});
  const auto ends =
      client_->call<wire::OffsetForLeaderEpochResponse>(epoch, 4).topics.at(0).partitions;
  EXPECT_EQ(ends.at(0).end_offset, 4);
  EXPECT_EQ(ends.at(1).end_offset, -1);
  EXPECT_EQ(ends.at(2).error_code, Code::unknown_leader_epoch);
}

TEST_F(Admin, TheBrokerCoordinatesGroupsAndTransactions) {
  wire::FindCoordinatorRequest find;
  find.coordinator_keys = {"x"};
  for (const int8_t type : {0, 1}) {
    find.key_type = type;
    EXPECT_EQ(client_->call<wire::FindCoordinatorResponse>(find, 4).coordinators.at(0).port,
              broker_->address().port);
  }
  find.key_type = 2;
  EXPECT_EQ(client_->call<wire::FindCoordinatorResponse>(find, 6).coordinators.at(0).error_code,
            Code::invalid_request);
  find.key_type = 0;
  find.key = "g";
  EXPECT_EQ(client_->call<wire::FindCoordinatorResponse>(find, 1).port, broker_->address().port);
}

}  // namespace
}  // namespace holdfast::broker
