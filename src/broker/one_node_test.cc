#include <filesystem>
#include <gtest/gtest.h>

#include "broker/broker_for_tests.h"
#include "wire/messages/alter_configs.h"
#include "wire/messages/alter_partition_reassignments.h"
#include "wire/messages/alter_replica_log_dirs.h"
#include "wire/messages/consumer_group_heartbeat.h"
#include "wire/messages/describe_acls.h"
#include "wire/messages/describe_client_quotas.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/describe_log_dirs.h"
#include "wire/messages/describe_quorum.h"
#include "wire/messages/describe_user_scram_credentials.h"
#include "wire/messages/elect_leaders.h"
#include "wire/messages/list_config_resources.h"
#include "wire/messages/list_partition_reassignments.h"
#include "wire/messages/sasl_authenticate.h"
#include "wire/messages/sasl_handshake.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;

/// What tools ask of a cluster, answered by the one node that there is.
class OneNode : public WithBroker<> {
 protected:
  void SetUp() override {
    start();
    client_->call<wire::CreateTopicsResponse>(create_topic("t", 2), 7);
  }
};

TEST_F(OneNode, IsAQuorumOfOneLedByItself) {
  wire::DescribeQuorumRequest request;
  request.topics.push_back({"__cluster_metadata", {{0}, {1}}});
  for (const int16_t version : {0, 1, 2}) {
    const auto answer = client_->call<wire::DescribeQuorumResponse>(request, version);
    const auto& partitions = answer.topics.at(0).partitions;
    EXPECT_EQ(partitions.at(0).error_code, Code::none);
    EXPECT_EQ(partitions.at(0).leader_id, 1);
    EXPECT_GT(partitions.at(0).high_watermark, 0);
    EXPECT_EQ(partitions.at(0).current_voters.at(0).replica_id, 1);
    EXPECT_EQ(partitions.at(1).error_code, Code::unknown_topic_or_partition);
    EXPECT_EQ(answer.nodes.size(), version < 2 ? 0u : 1u);
  }
}

TEST_F(OneNode, LeadsEveryPartitionAndMovesNone) {
  wire::ElectLeadersRequest elect;
  elect.topic_partitions = {{"t", {0, 7}}, {"nowhere", {0}}};
  const auto elected = client_->call<wire::ElectLeadersResponse>(elect, 2).replica_election_results;
  EXPECT_EQ(elected.at(0).partition_result.at(0).error_code, Code::election_not_needed);
  EXPECT_EQ(elected.at(0).partition_result.at(1).error_code, Code::unknown_topic_or_partition);
  EXPECT_EQ(elected.at(1).partition_result.at(0).error_code, Code::unknown_topic_or_partition);
  elect.topic_partitions.reset();
  for (const auto& all :
       client_->call<wire::ElectLeadersResponse>(elect, 2).replica_election_results)
    EXPECT_TRUE(all.partition_result.empty());

  wire::AlterPartitionReassignmentsRequest alter;
  using Replicas = std::vector<int32_t>;
  alter.topics.push_back(
      {"t", {{0, Replicas{1}}, {1, Replicas{2}}, {1, std::nullopt}, {9, Replicas{1}}}});
  const auto moved =
      client_->call<wire::AlterPartitionReassignmentsResponse>(alter, 1).responses.at(0).partitions;
  EXPECT_EQ(moved.at(0).error_code, Code::none);
  EXPECT_EQ(moved.at(1).error_code, Code::invalid_replica_assignment);
  EXPECT_EQ(moved.at(2).error_code, Code::no_reassignment_in_progress);
  EXPECT_EQ(moved.at(3).error_code, Code::unknown_topic_or_partition);
  const auto under_way = client_->call<wire::ListPartitionReassignmentsResponse>(
      wire::ListPartitionReassignmentsRequest{}, 0);
  EXPECT_EQ(under_way.error_code, Code::none);
  EXPECT_TRUE(under_way.topics.empty());
}

TEST_F(OneNode, HasNoQuotasUsersOrAccessRules) {
  const auto acls = client_->call<wire::DescribeAclsResponse>(wire::DescribeAclsRequest{}, 3);
  EXPECT_EQ(acls.error_code, Code::security_disabled);
  wire::DescribeClientQuotasRequest quotas;
  quotas.components.push_back({"user", 2, std::nullopt});
  auto found = client_->call<wire::DescribeClientQuotasResponse>(quotas, 1);
  EXPECT_EQ(found.error_code, Code::none);
  EXPECT_EQ(found.entries->size(), 0u);
  quotas.components.push_back({"user", 1, std::nullopt});
  found = client_->call<wire::DescribeClientQuotasResponse>(quotas, 1);
  EXPECT_EQ(found.error_code, Code::invalid_request);
  EXPECT_FALSE(found.entries.has_value());
  wire::DescribeUserScramCredentialsRequest users;
  const auto results = [&] {
    return client_->call<wire::DescribeUserScramCredentialsResponse>(users, 0).results;
  };
  EXPECT_TRUE(results().empty());
  users.users = {{"a"}, {"b"}, {"b"}};
  ASSERT_EQ(results().size(), 2u);
  EXPECT_EQ(results()[0].error_code, Code::resource_not_found);
  EXPECT_EQ(results()[1].error_code, Code::duplicate_resource);
}

TEST_F(OneNode, NamesWhatHasSettings) {
  wire::ListConfigResourcesRequest request;
  const auto names = [&](int16_t version) {
    std::vector<std::pair<int, std::string>> found;
    const auto answer = client_->call<wire::ListConfigResourcesResponse>(request, version);
    EXPECT_EQ(answer.error_code, Code::none);
    for (const auto& resource : answer.config_resources)
      found.emplace_back(resource.resource_type, resource.resource_name);
    return found;
  };
  using Names = std::vector<std::pair<int, std::string>>;
  EXPECT_EQ(names(0), Names{});
  EXPECT_EQ(names(1), (Names{{4, "1"}, {8, "1"}, {2, "t"}}));
  request.resource_types = {2};
  EXPECT_EQ(names(1), (Names{{2, "t"}}));
  request.resource_types = {2, 3};
  EXPECT_EQ(client_->call<wire::ListConfigResourcesResponse>(request, 1).error_code,
            Code::unsupported_version);
}

TEST_F(OneNode, DescribesResourcesThatHaveNoSettings) {
  wire::DescribeConfigsRequest request;
  for (const int8_t type : {8, 16, 32, 1}) request.resources.push_back({type, "1", {}});
  const auto answer = client_->call<wire::DescribeConfigsResponse>(request, 4);
  for (const size_t of : {0, 1, 2}) {
    EXPECT_EQ(answer.results.at(of).error_code, Code::none);
    EXPECT_TRUE(answer.results.at(of).configs.empty());
  }
  EXPECT_EQ(answer.results.at(3).error_code, Code::invalid_request);
}

TEST_F(OneNode, AuthenticatesNobodyAndSaysSo) {
  wire::SaslHandshakeRequest hello;
  hello.mechanism = "PLAIN";
  for (const int16_t version : {0, 1}) {
    const auto answer = client_->call<wire::SaslHandshakeResponse>(hello, version);
    EXPECT_EQ(answer.error_code, Code::illegal_sasl_state);
    EXPECT_TRUE(answer.mechanisms.empty());
  }
  for (const int16_t version : {0, 1, 2}) {
    const auto answer =
        client_->call<wire::SaslAuthenticateResponse>(wire::SaslAuthenticateRequest{}, version);
    EXPECT_EQ(answer.error_code, Code::illegal_sasl_state);
  }
}

TEST_F(OneNode, SaysThatGroupsAreClassic) {
  for (const int16_t version : {0, 1}) {
    const auto answer = client_->call<wire::ConsumerGroupHeartbeatResponse>(
        wire::ConsumerGroupHeartbeatRequest{}, version);
    EXPECT_EQ(answer.error_code, Code::unsupported_version);
    EXPECT_FALSE(answer.assignment.has_value());
  }
}

/// KIP-827.
TEST_F(OneNode, TellsItsWholeFolderAndTheVolumeThatHoldsIt) {
  const std::string folder = settings_.data_folder;
  settings_.data_folder = std::filesystem::relative(folder);
  restart();
  for (const int16_t version : {3, 4}) {
    const auto answer = client_->call<wire::DescribeLogDirsResponse>(
        wire::DescribeLogDirsRequest{.topics = {}}, version);
    ASSERT_EQ(answer.results.size(), 1u);
    const auto& told = answer.results[0];
    EXPECT_EQ(told.log_dir, folder);
    EXPECT_EQ(told.topics.at(0).partitions.size(), 2u);
    const auto total = static_cast<int64_t>(std::filesystem::space(folder).capacity);
    EXPECT_EQ(told.total_bytes, version < 4 ? -1 : total);
    if (version < 4) continue;
    EXPECT_GT(told.usable_bytes, 0);
    EXPECT_LT(told.usable_bytes, total);
  }
}

TEST_F(OneNode, MovesNothingToAnotherFolder) {
  wire::AlterReplicaLogDirsRequest request;
  const std::string here = settings_.data_folder;
  request.dirs.push_back({here, {{"t", {0, 9}}, {"nowhere", {0}}}});
  request.dirs.push_back({"/nowhere", {{"t", {1}}}});
  const auto results = client_->call<wire::AlterReplicaLogDirsResponse>(request, 2).results;
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].partitions.at(0).error_code, Code::none);
  EXPECT_EQ(results[0].partitions.at(1).error_code, Code::replica_not_available);
  EXPECT_EQ(results[1].partitions.at(0).error_code, Code::replica_not_available);
  EXPECT_EQ(results[2].partitions.at(0).error_code, Code::log_dir_not_found);
}

TEST_F(OneNode, TakesWhatOnlyTunesKafkaAndTellsItAgain) {
  constexpr int8_t kBroker = 4;
  const auto set_to = [&](std::string_view name, std::string_view value) {
    wire::AlterConfigsRequest request;
    request.resources.push_back({kBroker, "1", {{name, value}}});
    return client_->call<wire::AlterConfigsResponse>(request, 2).responses.at(0).error_code;
  };
  const auto value_of = [&](std::string_view name) {
    wire::DescribeConfigsRequest request;
    request.resources.push_back({kBroker, "1", std::vector<std::string_view>{name}});
    const auto answer = client_->call<wire::DescribeConfigsResponse>(request, 4);
    const auto& config = answer.results.at(0).configs.at(0);
    return config.read_only ? "read only" : config.value.value_or("");
  };
  EXPECT_EQ(value_of("sasl.kerberos.min.time.before.relogin"), "60000");
  EXPECT_EQ(set_to("sasl.kerberos.min.time.before.relogin", "58000"), Code::none);
  EXPECT_EQ(value_of("sasl.kerberos.min.time.before.relogin"), "58000");
  EXPECT_EQ(set_to("num.io.threads", "0"), Code::invalid_config);
  EXPECT_EQ(set_to("node.id", "5"), Code::invalid_request);
  EXPECT_EQ(value_of("node.id"), "read only");
}

}  // namespace
}  // namespace holdfast::broker
