#include "broker/api_table.h"

#include <algorithm>
#include <fmt/core.h>

#include "broker/context.h"
#include "broker/handlers/handlers.h"
#include "wire/messages/add_offsets_to_txn.h"
#include "wire/messages/add_partitions_to_txn.h"
#include "wire/messages/alter_configs.h"
#include "wire/messages/alter_partition_reassignments.h"
#include "wire/messages/alter_replica_log_dirs.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/consumer_group_heartbeat.h"
#include "wire/messages/create_acls.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/delete_acls.h"
#include "wire/messages/delete_groups.h"
#include "wire/messages/delete_records.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/describe_acls.h"
#include "wire/messages/describe_client_quotas.h"
#include "wire/messages/describe_cluster.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/describe_groups.h"
#include "wire/messages/describe_log_dirs.h"
#include "wire/messages/describe_producers.h"
#include "wire/messages/describe_quorum.h"
#include "wire/messages/describe_topic_partitions.h"
#include "wire/messages/describe_transactions.h"
#include "wire/messages/describe_user_scram_credentials.h"
#include "wire/messages/elect_leaders.h"
#include "wire/messages/end_txn.h"
#include "wire/messages/fetch.h"
#include "wire/messages/find_coordinator.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/join_group.h"
#include "wire/messages/leave_group.h"
#include "wire/messages/list_config_resources.h"
#include "wire/messages/list_groups.h"
#include "wire/messages/list_offsets.h"
#include "wire/messages/list_partition_reassignments.h"
#include "wire/messages/list_transactions.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_delete.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/offset_for_leader_epoch.h"
#include "wire/messages/produce.h"
#include "wire/messages/sasl_authenticate.h"
#include "wire/messages/sasl_handshake.h"
#include "wire/messages/sync_group.h"
#include "wire/messages/txn_offset_commit.h"
#include "wire/messages/write_txn_markers.h"

namespace holdfast::broker {
namespace {

template <class Request>
void decode_and_handle(Context& context, ByteView body) {
  const auto request = wire::decode<Request>(body, context.version());
  if (!request) return context.disconnect(request.error().message);
  handle(*request, context);
}

template <class Request>
constexpr ServedApi served(const char* what) {
  return {&Request::api, Request::api.versions, decode_and_handle<Request>, what};
}

constexpr ServedApi kServed[] = {
    served<wire::ProduceRequest>("append record batches; idempotent producers"),
    served<wire::FetchRequest>("read record batches, waiting for them"),
    served<wire::ListOffsetsRequest>("ends of partitions, offsets by time"),
    served<wire::MetadataRequest>("brokers, topics, partitions; creates topics that are asked for"),
    served<wire::OffsetCommitRequest>("store offsets of a group"),
    served<wire::OffsetFetchRequest>("read them"),
    served<wire::FindCoordinatorRequest>("who looks after a group"),
    served<wire::JoinGroupRequest>("enter a group; static members"),
    served<wire::HeartbeatRequest>("stay in it, hear of rebalances"),
    served<wire::LeaveGroupRequest>("leave it; remove members"),
    served<wire::SyncGroupRequest>("hand in, or get, the assignment"),
    served<wire::DescribeGroupsRequest>("state and members of groups"),
    served<wire::ListGroupsRequest>("all groups, by state and type"),
    served<wire::SaslHandshakeRequest>("refused: nobody has to say who they are"),
    served<wire::ApiVersionsRequest>("this list"),
    served<wire::CreateTopicsRequest>("create topics"),
    served<wire::DeleteTopicsRequest>("delete topics"),
    served<wire::DeleteRecordsRequest>("move the start of a partition"),
    served<wire::InitProducerIdRequest>("ids for idempotent and transactional producers; fences old ones"),
    served<wire::OffsetForLeaderEpochRequest>("where a leader epoch ends"),
    served<wire::AddPartitionsToTxnRequest>("partitions join a transaction"),
    served<wire::AddOffsetsToTxnRequest>("a group's offsets join a transaction"),
    served<wire::EndTxnRequest>("commit or abort a transaction"),
    served<wire::WriteTxnMarkersRequest>("refused: only the coordinator ends transactions"),
    served<wire::TxnOffsetCommitRequest>("offsets that count once their transaction commits"),
    served<wire::DescribeAclsRequest>("there are no access rules, and this says so"),
    served<wire::CreateAclsRequest>("there can be none yet, and this says so"),
    served<wire::DeleteAclsRequest>("there are none, and this says so"),
    served<wire::DescribeConfigsRequest>(
        "settings of topics and of the broker, with their sources"),
    served<wire::AlterConfigsRequest>("replace settings"),
    served<wire::AlterReplicaLogDirsRequest>("there is one folder, so nothing moves"),
    served<wire::DescribeLogDirsRequest>("the data folder"),
    served<wire::SaslAuthenticateRequest>("refused, too"),
    served<wire::CreatePartitionsRequest>("add partitions"),
    served<wire::DeleteGroupsRequest>("forget groups without members"),
    served<wire::ElectLeadersRequest>("every partition is led by its only replica"),
    served<wire::IncrementalAlterConfigsRequest>("change settings one by one"),
    served<wire::AlterPartitionReassignmentsRequest>("there is one broker, so nothing moves"),
    served<wire::ListPartitionReassignmentsRequest>("none"),
    served<wire::OffsetDeleteRequest>("forget offsets of a group"),
    served<wire::DescribeClientQuotasRequest>("there are no quotas"),
    served<wire::DescribeUserScramCredentialsRequest>("there are no users"),
    served<wire::DescribeQuorumRequest>("a quorum of one"),
    served<wire::DescribeClusterRequest>("the broker and the cluster id"),
    served<wire::DescribeProducersRequest>("what partitions remember of their producers"),
    served<wire::DescribeTransactionsRequest>("owner, state and partitions of transactional ids"),
    served<wire::ListTransactionsRequest>("transactional ids by state, producer, age, pattern"),
    served<wire::ConsumerGroupHeartbeatRequest>(
        "refused: groups by KIP-848 come later, and this says so"),
    served<wire::ListConfigResourcesRequest>("what has settings"),
    served<wire::DescribeTopicPartitionsRequest>("partitions page by page"),
};

}  // namespace

std::span<const ServedApi> served_apis() {
  return kServed;
}

const ServedApi* find_served_api(int16_t key) {
  const auto found = std::lower_bound(std::begin(kServed), std::end(kServed), key,
                                      [](const ServedApi& api, int16_t wanted) {
                                        return static_cast<int16_t>(api.spec->key) < wanted;
                                      });
  return found != std::end(kServed) && static_cast<int16_t>(found->spec->key) == key ? found
                                                                                     : nullptr;
}

std::string served_apis_markdown() {
  std::string table = "| key | API | versions | what for |\n|---|---|---|---|\n";
  for (const ServedApi& api : kServed) {
    table += fmt::format("| {} | {} | {}-{} | {} |\n", static_cast<int16_t>(api.spec->key),
                         api.spec->name, api.versions.min, api.versions.max, api.what);
  }
  return table;
}

}  // namespace holdfast::broker
