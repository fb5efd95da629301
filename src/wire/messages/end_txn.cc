#include "wire/messages/end_txn.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::EndTxnRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::EndTxnResponse);
