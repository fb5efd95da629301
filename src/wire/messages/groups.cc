// The codecs of the messages about classic groups.
#include "wire/instantiate.h"
#include "wire/messages/consumer_group_heartbeat.h"
#include "wire/messages/delete_groups.h"
#include "wire/messages/describe_groups.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/join_group.h"
#include "wire/messages/leave_group.h"
#include "wire/messages/list_groups.h"
#include "wire/messages/sync_group.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::JoinGroupRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::JoinGroupResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::SyncGroupRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::SyncGroupResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::HeartbeatRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::HeartbeatResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::LeaveGroupRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::LeaveGroupResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeGroupsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeGroupsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListGroupsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListGroupsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteGroupsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteGroupsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ConsumerGroupHeartbeatRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ConsumerGroupHeartbeatResponse);
