#include "wire/messages/offset_commit.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetCommitRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetCommitResponse);
