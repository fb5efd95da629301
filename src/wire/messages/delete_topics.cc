#include "wire/messages/delete_topics.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteTopicsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteTopicsResponse);
