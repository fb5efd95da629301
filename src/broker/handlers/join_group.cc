#include "wire/messages/join_group.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// JoinGroup: a member enters its group, or comes to its next generation; answered when all have.
void handle(const wire::JoinGroupRequest& request, Context& context) {
  context.core.groups().join(request, context);
}

}  // namespace holdfast::broker
