#include "wire/messages/sasl_handshake.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// SaslHandshake: this listener asks nobody who they are, which is told as Kafka does on such a
/// one. A client that insists on it fails at once instead of trying for ever.
void handle(const wire::SaslHandshakeRequest&, Context& context) {
  wire::SaslHandshakeResponse response;
  response.error_code = wire::ErrorCode::illegal_sasl_state;
  context.reply_now(response);
}

}  // namespace holdfast::broker
