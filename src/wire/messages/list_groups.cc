#include "wire/messages/list_groups.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListGroupsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListGroupsResponse);
