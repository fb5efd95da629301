// The codecs of the messages about the broker itself.
#include "wire/instantiate.h"
#include "wire/messages/alter_replica_log_dirs.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/create_acls.h"
#include "wire/messages/delete_acls.h"
#include "wire/messages/describe_acls.h"
#include "wire/messages/describe_cluster.h"
#include "wire/messages/describe_log_dirs.h"
#include "wire/messages/metadata.h"
#include "wire/messages/sasl_authenticate.h"
#include "wire/messages/sasl_handshake.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::ApiVersionsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ApiVersionsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::MetadataRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::MetadataResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeClusterRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeClusterResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeLogDirsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeLogDirsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeAclsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeAclsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreateAclsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreateAclsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteAclsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteAclsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterReplicaLogDirsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterReplicaLogDirsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::SaslHandshakeRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::SaslHandshakeResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::SaslAuthenticateRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::SaslAuthenticateResponse);
