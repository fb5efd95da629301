// The codecs of the messages about committed offsets.
#include "wire/instantiate.h"
#include "wire/messages/find_coordinator.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_delete.h"
#include "wire/messages/offset_fetch.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetCommitRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetCommitResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetFetchRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetFetchResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::FindCoordinatorRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::FindCoordinatorResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetDeleteRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetDeleteResponse);
