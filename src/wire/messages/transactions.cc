// The codecs of the messages about producers and transactions.
#include "wire/instantiate.h"
#include "wire/messages/add_offsets_to_txn.h"
#include "wire/messages/add_partitions_to_txn.h"
#include "wire/messages/describe_producers.h"
#include "wire/messages/describe_transactions.h"
#include "wire/messages/end_txn.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/list_transactions.h"
#include "wire/messages/txn_offset_commit.h"
#include "wire/messages/write_txn_markers.h"

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
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeProducersRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeProducersResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeTransactionsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeTransactionsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListTransactionsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListTransactionsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::WriteTxnMarkersRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::WriteTxnMarkersResponse);
