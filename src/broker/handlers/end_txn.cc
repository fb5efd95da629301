#include "wire/messages/end_txn.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// EndTxn: commits or aborts. The answer leaves when decision, markers and offsets are on disk.
/// From version 5 on (TV2) it carries the id and epoch of the next transaction.
void handle(const wire::EndTxnRequest& request, Context& context) {
  const auto answer = context.core.transactions().end(
      {request.transactional_id, request.producer_id, request.producer_epoch}, request.committed,
      context.version() >= 5, context.now);
  wire::EndTxnResponse response;
  response.error_code = context.version() < 2 ? before_producer_fenced(answer.code) : answer.code;
  response.producer_id = answer.producer_id;
  response.producer_epoch = answer.producer_epoch;
  context.reply(response);
}

}  // namespace holdfast::broker
