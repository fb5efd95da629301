#include "wire/messages/find_coordinator.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::FindCoordinatorRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::FindCoordinatorResponse);
