#include "wire/messages/describe_topic_partitions.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeTopicPartitionsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeTopicPartitionsResponse);
