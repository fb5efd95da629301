#include "wire/messages/describe_acls.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeAclsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeAclsResponse);
