#include "wire/messages/leave_group.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::LeaveGroupRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::LeaveGroupResponse);
