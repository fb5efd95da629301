#include "wire/messages/sync_group.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::SyncGroupRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::SyncGroupResponse);
