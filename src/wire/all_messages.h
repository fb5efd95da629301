#pragma once

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

namespace holdfast::wire {

/// The two messages of an API.
template <class RequestMessage, class ResponseMessage>
struct Api {
  using Request = RequestMessage;
  using Response = ResponseMessage;
  static constexpr const ApiSpec& spec = Request::api;
};

/// Some APIs, to go through with a lambda: `AllApis::for_each([](auto api) { using Request =
/// decltype(api)::Request; ... })`.
template <class... Apis>
struct ApiList {
  static void for_each(auto&& visit) { (visit(Apis{}), ...); }
};

/// Every API of this module, by rising key. The one list: `all_apis()` is made from it.
using AllApis = ApiList<
    Api<ProduceRequest, ProduceResponse>, Api<FetchRequest, FetchResponse>,
    Api<ListOffsetsRequest, ListOffsetsResponse>, Api<MetadataRequest, MetadataResponse>,
    Api<OffsetCommitRequest, OffsetCommitResponse>, Api<OffsetFetchRequest, OffsetFetchResponse>,
    Api<FindCoordinatorRequest, FindCoordinatorResponse>, Api<JoinGroupRequest, JoinGroupResponse>,
    Api<HeartbeatRequest, HeartbeatResponse>, Api<LeaveGroupRequest, LeaveGroupResponse>,
    Api<SyncGroupRequest, SyncGroupResponse>, Api<DescribeGroupsRequest, DescribeGroupsResponse>,
    Api<ListGroupsRequest, ListGroupsResponse>, Api<SaslHandshakeRequest, SaslHandshakeResponse>,
    Api<ApiVersionsRequest, ApiVersionsResponse>,
    Api<CreateTopicsRequest, CreateTopicsResponse>, Api<DeleteTopicsRequest, DeleteTopicsResponse>,
    Api<DeleteRecordsRequest, DeleteRecordsResponse>,
    Api<InitProducerIdRequest, InitProducerIdResponse>,
    Api<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse>,
    Api<AddPartitionsToTxnRequest, AddPartitionsToTxnResponse>,
    Api<AddOffsetsToTxnRequest, AddOffsetsToTxnResponse>, Api<EndTxnRequest, EndTxnResponse>,
    Api<WriteTxnMarkersRequest, WriteTxnMarkersResponse>,
    Api<TxnOffsetCommitRequest, TxnOffsetCommitResponse>,
    Api<DescribeAclsRequest, DescribeAclsResponse>,
    Api<CreateAclsRequest, CreateAclsResponse>,
    Api<DeleteAclsRequest, DeleteAclsResponse>,
    Api<DescribeConfigsRequest, DescribeConfigsResponse>,
    Api<AlterConfigsRequest, AlterConfigsResponse>,
    Api<AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse>,
    Api<DescribeLogDirsRequest, DescribeLogDirsResponse>,
    Api<SaslAuthenticateRequest, SaslAuthenticateResponse>,
    Api<CreatePartitionsRequest, CreatePartitionsResponse>,
    Api<DeleteGroupsRequest, DeleteGroupsResponse>, Api<ElectLeadersRequest, ElectLeadersResponse>,
    Api<IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse>,
    Api<AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse>,
    Api<ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse>,
    Api<OffsetDeleteRequest, OffsetDeleteResponse>,
    Api<DescribeClientQuotasRequest, DescribeClientQuotasResponse>,
    Api<DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse>,
    Api<DescribeQuorumRequest, DescribeQuorumResponse>,
    Api<DescribeClusterRequest, DescribeClusterResponse>,
    Api<DescribeProducersRequest, DescribeProducersResponse>,
    Api<DescribeTransactionsRequest, DescribeTransactionsResponse>,
    Api<ListTransactionsRequest, ListTransactionsResponse>,
    Api<ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse>,
    Api<ListConfigResourcesRequest, ListConfigResourcesResponse>,
    Api<DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse>>;

}  // namespace holdfast::wire
