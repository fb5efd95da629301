#include "wire/messages/init_producer_id.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// InitProducerId: an idempotent producer gets an id of its own. One that asks again with its id
/// and epoch (KIP-360) gets a new id rather than a new epoch, which is as good: nothing is known of
/// it anywhere.
void handle(const wire::InitProducerIdRequest& request, Context& context) {
  wire::InitProducerIdResponse response;
  if (request.transactional_id) {
    const bool empty = request.transactional_id->empty();
    response.error_code =
        empty ? wire::ErrorCode::invalid_request : wire::ErrorCode::unsupported_version;
    return context.reply(response);
  }
  auto& ids = context.state().producer_ids();
  const auto decision = ids.decide();
  if (decision.record) {
    if (const Status kept = context.core.change(*decision.record); !kept) {
      response.error_code = wire::ErrorCode::coordinator_not_available;  // retried by every client
      return context.reply(response);
    }
  }
  ids.take(decision.producer_id);
  response.producer_id = decision.producer_id;
  response.producer_epoch = 0;
  context.reply(response);
}

}  // namespace holdfast::broker
