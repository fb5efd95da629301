#include "wire/messages/delete_groups.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteGroupsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteGroupsResponse);
