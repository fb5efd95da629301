#include "wire/messages/join_group.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::JoinGroupRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::JoinGroupResponse);
