#include "wire/messages/add_offsets_to_txn.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// AddOffsetsToTxn: a group's offsets join the transaction, before TxnOffsetCommit stores them.
void handle(const wire::AddOffsetsToTxnRequest& request, Context& context) {
  wire::AddOffsetsToTxnResponse response;
  const auto code =
      request.group_id.empty()
          ? wire::ErrorCode::invalid_group_id
          : context.core.transactions().add(
                {request.transactional_id, request.producer_id, request.producer_epoch}, {},
                request.group_id, false, context.now);
  response.error_code = context.version() < 2 ? before_producer_fenced(code) : code;
  context.reply(response);
}

}  // namespace holdfast::broker
