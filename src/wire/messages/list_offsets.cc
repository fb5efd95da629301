#include "wire/messages/list_offsets.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListOffsetsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListOffsetsResponse);
