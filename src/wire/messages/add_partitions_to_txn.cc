#include "wire/messages/add_partitions_to_txn.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::AddPartitionsToTxnRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AddPartitionsToTxnResponse);
