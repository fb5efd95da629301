#include "wire/messages/heartbeat.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::HeartbeatRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::HeartbeatResponse);
