#include "wire/messages/describe_cluster.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeClusterRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeClusterResponse);
