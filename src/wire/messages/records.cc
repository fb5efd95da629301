// The codecs of the messages about records and their offsets.
#include "wire/instantiate.h"
#include "wire/messages/delete_records.h"
#include "wire/messages/fetch.h"
#include "wire/messages/list_offsets.h"
#include "wire/messages/offset_for_leader_epoch.h"
#include "wire/messages/produce.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::ProduceRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ProduceResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::FetchRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::FetchResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListOffsetsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListOffsetsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetForLeaderEpochRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::OffsetForLeaderEpochResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteRecordsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteRecordsResponse);
