#include "wire/messages/sync_group.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// SyncGroup: the leader hands in the assignment; everybody is answered when it is durable.
void handle(const wire::SyncGroupRequest& request, Context& context) {
  context.core.groups().sync(request, context);
}

}  // namespace holdfast::broker
