#include "wire/messages/add_offsets_to_txn.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::AddOffsetsToTxnRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AddOffsetsToTxnResponse);
