#include "wire/messages/produce.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::ProduceRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ProduceResponse);
