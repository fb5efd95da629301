#include "wire/messages/offset_for_leader_epoch.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetForLeaderEpochRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetForLeaderEpochResponse);
