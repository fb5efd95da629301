#include "wire/messages/describe_groups.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeGroupsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeGroupsResponse);
