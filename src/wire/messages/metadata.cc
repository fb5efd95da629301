#include "wire/messages/metadata.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::MetadataRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::MetadataResponse);
