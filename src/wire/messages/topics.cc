// The codecs of the messages about topics.
#include "wire/instantiate.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/describe_topic_partitions.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreateTopicsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreateTopicsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteTopicsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteTopicsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreatePartitionsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreatePartitionsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeTopicPartitionsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeTopicPartitionsResponse);
