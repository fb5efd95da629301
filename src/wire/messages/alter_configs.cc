#include "wire/messages/alter_configs.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterConfigsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterConfigsResponse);
