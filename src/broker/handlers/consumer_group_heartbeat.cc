#include "wire/messages/consumer_group_heartbeat.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// ConsumerGroupHeartbeat: refused as Kafka does while groups by KIP-848 are switched off. It is
/// advertised so that it can be: librdkafka would wait for ever for a broker that does not know it.
void handle(const wire::ConsumerGroupHeartbeatRequest&, Context& context) {
  wire::ConsumerGroupHeartbeatResponse response;
  response.error_code = wire::ErrorCode::unsupported_version;
  response.error_message = "groups are of the classic protocol here (group.protocol=classic)";
  context.reply_now(response);
}

}  // namespace holdfast::broker
