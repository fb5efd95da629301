#include "wire/messages/init_producer_id.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

/// A producer that goes on tells both its id and its epoch; one that starts, neither.
bool half_told(const wire::InitProducerIdRequest& request) {
  return (request.producer_id == -1) != (request.producer_epoch == -1);
}

wire::InitProducerIdResponse take_transactional_id(const wire::InitProducerIdRequest& request,
                                                   Context& context) {
  wire::InitProducerIdResponse response;
  const auto answer = context.core.transactions().init(
      {*request.transactional_id, request.producer_id, request.producer_epoch},
      request.transaction_timeout_ms, context.now);
  response.error_code = answer.code;
  if (context.version() < 4) response.error_code = before_producer_fenced(answer.code);
  response.producer_id = answer.producer_id;
  response.producer_epoch = answer.producer_epoch;
  return response;
}

}  // namespace

/// InitProducerId: a producer takes a transactional id, and whoever had it is fenced; or an
/// idempotent producer gets an id of its own. Such a one that asks again with its id and epoch
/// (KIP-360) gets a new id rather than a new epoch, which is as good: nothing is known of it
/// anywhere.
void handle(const wire::InitProducerIdRequest& request, Context& context) {
  wire::InitProducerIdResponse response;
  if (half_told(request)) {
    response.error_code = wire::ErrorCode::invalid_request;
    return context.reply(response);
  }
  if (request.transactional_id) return context.reply(take_transactional_id(request, context));
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
