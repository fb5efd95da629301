#include "wire/messages/fetch.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::FetchRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::FetchResponse);
