#include "wire/messages/create_partitions.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreatePartitionsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreatePartitionsResponse);
