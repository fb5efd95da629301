// The codecs of the messages about producers and transactions.
#include "wire/instantiate.h"
#include "wire/messages/add_offsets_to_txn.h"
#include "wire/messages/add_partitions_to_txn.h"
#include "wire/messages/end_txn.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/txn_offset_commit.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::InitProducerIdRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::InitProducerIdResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AddPartitionsToTxnRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AddPartitionsToTxnResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AddOffsetsToTxnRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AddOffsetsToTxnResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::EndTxnRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::EndTxnResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::TxnOffsetCommitRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::TxnOffsetCommitResponse);
