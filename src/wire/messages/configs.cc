// The codecs of the messages about settings.
#include "wire/instantiate.h"
#include "wire/messages/alter_configs.h"
#include "wire/messages/describe_client_quotas.h"
#include "wire/messages/describe_configs.h"
#include "wire/messages/describe_user_scram_credentials.h"
#include "wire/messages/incremental_alter_configs.h"
#include "wire/messages/list_config_resources.h"

HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeConfigsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeConfigsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterConfigsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::AlterConfigsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::IncrementalAlterConfigsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::IncrementalAlterConfigsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeClientQuotasRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeClientQuotasResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeUserScramCredentialsRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::DescribeUserScramCredentialsResponse);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListConfigResourcesRequest);
HOLDFAST_WIRE_MESSAGE(holdfast::wire::ListConfigResourcesResponse);
