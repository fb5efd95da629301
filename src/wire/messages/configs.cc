// The codecs of the messages about settings.
#include "wire/instantiate.h"
#include "wire/messages/alter_configs.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/incremental_alter_configs.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeConfigsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeConfigsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterConfigsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterConfigsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::IncrementalAlterConfigsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::IncrementalAlterConfigsResponse);
