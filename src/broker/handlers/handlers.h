#pragma once

/// One handler for each API, in the file of its name: versions, checks, one decision, one reply.
/// All run on the loop's thread and never block; what must wait is parked in the core.
namespace holdfast::wire {
struct AddOffsetsToTxnRequest;
struct AddPartitionsToTxnRequest;
struct AlterConfigsRequest;
struct AlterPartitionReassignmentsRequest;
struct AlterReplicaLogDirsRequest;
struct ApiVersionsRequest;
struct ConsumerGroupHeartbeatRequest;
struct CreateAclsRequest;
struct CreatePartitionsRequest;
struct CreateTopicsRequest;
struct DeleteAclsRequest;
struct DeleteGroupsRequest;
struct DeleteRecordsRequest;
struct DeleteTopicsRequest;
struct DescribeAclsRequest;
struct DescribeClientQuotasRequest;
struct DescribeClusterRequest;
struct DescribeConfigsRequest;
struct DescribeGroupsRequest;
struct DescribeLogDirsRequest;
struct DescribeProducersRequest;
struct DescribeQuorumRequest;
struct DescribeTopicPartitionsRequest;
struct DescribeTransactionsRequest;
struct DescribeUserScramCredentialsRequest;
struct ElectLeadersRequest;
struct EndTxnRequest;
struct FetchRequest;
struct FindCoordinatorRequest;
struct HeartbeatRequest;
struct IncrementalAlterConfigsRequest;
struct InitProducerIdRequest;
struct JoinGroupRequest;
struct LeaveGroupRequest;
struct ListConfigResourcesRequest;
struct ListGroupsRequest;
struct ListOffsetsRequest;
struct ListPartitionReassignmentsRequest;
struct ListTransactionsRequest;
struct MetadataRequest;
struct OffsetCommitRequest;
struct OffsetDeleteRequest;
struct OffsetFetchRequest;
struct OffsetForLeaderEpochRequest;
struct ProduceRequest;
struct SaslAuthenticateRequest;
struct SaslHandshakeRequest;
struct SyncGroupRequest;
struct TxnOffsetCommitRequest;
struct WriteTxnMarkersRequest;
}  // namespace holdfast::wire

namespace holdfast::broker {

class Context;

void handle(const wire::AddOffsetsToTxnRequest& request, Context& context);
void handle(const wire::AddPartitionsToTxnRequest& request, Context& context);
void handle(const wire::AlterConfigsRequest& request, Context& context);
void handle(const wire::AlterPartitionReassignmentsRequest& request, Context& context);
void handle(const wire::AlterReplicaLogDirsRequest& request, Context& context);
void handle(const wire::ApiVersionsRequest& request, Context& context);
void handle(const wire::ConsumerGroupHeartbeatRequest& request, Context& context);
void handle(const wire::CreateAclsRequest& request, Context& context);
void handle(const wire::CreatePartitionsRequest& request, Context& context);
void handle(const wire::CreateTopicsRequest& request, Context& context);
void handle(const wire::DeleteAclsRequest& request, Context& context);
void handle(const wire::DeleteGroupsRequest& request, Context& context);
void handle(const wire::DeleteRecordsRequest& request, Context& context);
void handle(const wire::DeleteTopicsRequest& request, Context& context);
void handle(const wire::DescribeAclsRequest& request, Context& context);
void handle(const wire::DescribeClientQuotasRequest& request, Context& context);
void handle(const wire::DescribeClusterRequest& request, Context& context);
void handle(const wire::DescribeConfigsRequest& request, Context& context);
void handle(const wire::DescribeGroupsRequest& request, Context& context);
void handle(const wire::DescribeLogDirsRequest& request, Context& context);
void handle(const wire::DescribeProducersRequest& request, Context& context);
void handle(const wire::DescribeQuorumRequest& request, Context& context);
void handle(const wire::DescribeTopicPartitionsRequest& request, Context& context);
void handle(const wire::DescribeTransactionsRequest& request, Context& context);
void handle(const wire::DescribeUserScramCredentialsRequest& request, Context& context);
void handle(const wire::ElectLeadersRequest& request, Context& context);
void handle(const wire::EndTxnRequest& request, Context& context);
void handle(const wire::FetchRequest& request, Context& context);
void handle(const wire::FindCoordinatorRequest& request, Context& context);
void handle(const wire::HeartbeatRequest& request, Context& context);
void handle(const wire::IncrementalAlterConfigsRequest& request, Context& context);
void handle(const wire::InitProducerIdRequest& request, Context& context);
void handle(const wire::JoinGroupRequest& request, Context& context);
void handle(const wire::LeaveGroupRequest& request, Context& context);
void handle(const wire::ListConfigResourcesRequest& request, Context& context);
void handle(const wire::ListGroupsRequest& request, Context& context);
void handle(const wire::ListOffsetsRequest& request, Context& context);
void handle(const wire::ListPartitionReassignmentsRequest& request, Context& context);
void handle(const wire::ListTransactionsRequest& request, Context& context);
void handle(const wire::MetadataRequest& request, Context& context);
void handle(const wire::OffsetCommitRequest& request, Context& context);
void handle(const wire::OffsetDeleteRequest& request, Context& context);
void handle(const wire::OffsetFetchRequest& request, Context& context);
void handle(const wire::OffsetForLeaderEpochRequest& request, Context& context);
void handle(const wire::ProduceRequest& request, Context& context);
void handle(const wire::SaslAuthenticateRequest& request, Context& context);
void handle(const wire::SaslHandshakeRequest& request, Context& context);
void handle(const wire::SyncGroupRequest& request, Context& context);
void handle(const wire::TxnOffsetCommitRequest& request, Context& context);
void handle(const wire::WriteTxnMarkersRequest& request, Context& context);

}  // namespace holdfast::broker
