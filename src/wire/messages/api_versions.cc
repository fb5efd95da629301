#include "wire/messages/api_versions.h"

#include "wire/codec.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::ApiVersionsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ApiVersionsResponse);
