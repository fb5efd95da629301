#include "wire/messages/heartbeat.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// Heartbeat: keeps a member's session alive and tells it that a rebalance has begun.
void handle(const wire::HeartbeatRequest& request, Context& context) {
  wire::HeartbeatResponse response;
  response.error_code = context.core.groups().heartbeat(request, context.now);
  context.reply(response);
}

}  // namespace holdfast::broker
