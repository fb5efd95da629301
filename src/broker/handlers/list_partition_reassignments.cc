#include "wire/messages/list_partition_reassignments.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// ListPartitionReassignments: with one broker, none is ever under way.
void handle(const wire::ListPartitionReassignmentsRequest&, Context& context) {
  wire::ListPartitionReassignmentsResponse response;
  response.error_message.reset();
  context.reply_now(response);
}

}  // namespace holdfast::broker
