#include "wire/messages/delete_records.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteRecordsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DeleteRecordsResponse);
