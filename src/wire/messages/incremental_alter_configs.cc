#include "wire/messages/incremental_alter_configs.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::IncrementalAlterConfigsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::IncrementalAlterConfigsResponse);
