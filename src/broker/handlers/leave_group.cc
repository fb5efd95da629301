#include "wire/messages/leave_group.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// LeaveGroup: members go, or are removed by an operator.
void handle(const wire::LeaveGroupRequest& request, Context& context) {
  context.core.groups().leave(request, context);
}

}  // namespace holdfast::broker
