// The codecs of the messages about which broker leads and holds what.
#include "wire/instantiate.h"
#include "wire/messages/alter_partition_reassignments.h"
#include "wire/messages/describe_quorum.h"
#include "wire/messages/elect_leaders.h"
#include "wire/messages/list_partition_reassignments.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::ElectLeadersRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ElectLeadersResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterPartitionReassignmentsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterPartitionReassignmentsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListPartitionReassignmentsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListPartitionReassignmentsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeQuorumRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeQuorumResponse);
