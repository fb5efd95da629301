#include "wire/messages/create_topics.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreateTopicsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::CreateTopicsResponse);
