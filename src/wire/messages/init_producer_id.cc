#include "wire/messages/init_producer_id.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::InitProducerIdRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::InitProducerIdResponse);
