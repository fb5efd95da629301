#include "wire/messages/describe_log_dirs.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeLogDirsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeLogDirsResponse);
