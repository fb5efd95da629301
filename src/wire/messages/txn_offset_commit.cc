#include "wire/messages/txn_offset_commit.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::TxnOffsetCommitRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::TxnOffsetCommitResponse);
