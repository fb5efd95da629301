#include "wire/messages/sasl_authenticate.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// SaslAuthenticate: nobody has to, so there is no handshake that it could follow.
void handle(const wire::SaslAuthenticateRequest&, Context& context) {
  wire::SaslAuthenticateResponse response;
  response.error_code = wire::ErrorCode::illegal_sasl_state;
  response.error_message = "this listener authenticates nobody";
  context.reply_now(response);
}

}  // namespace holdfast::broker
