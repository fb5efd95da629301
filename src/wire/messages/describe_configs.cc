#include "wire/messages/describe_configs.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeConfigsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeConfigsResponse);
