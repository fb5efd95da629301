#include "wire/messages/offset_fetch.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetFetchRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetFetchResponse);
