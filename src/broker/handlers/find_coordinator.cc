#include "wire/messages/find_coordinator.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Coordinator = wire::FindCoordinatorResponse::Coordinator;
constexpr int8_t kGroup = 0, kTransaction = 1;

/// There is one broker, so it coordinates everything that is served at all.
Coordinator find(std::string_view key, int8_t key_type, Context& context) {
  Coordinator found;
  found.key = key;
  found.error_message = "";
  if (key_type != kGroup && key_type != kTransaction) {
    found.error_code = Code::invalid_request;
    found.node_id = found.port = -1;
    return found;
  }
  found.node_id = context.settings().node_id;
  found.host = context.core.address().host;
  found.port = context.core.address().port;
  return found;
}

}  // namespace

/// FindCoordinator: which broker looks after a group or a transactional id.
void handle(const wire::FindCoordinatorRequest& request, Context& context) {
  wire::FindCoordinatorResponse response;
  if (context.version() >= 4) {
    for (const auto& key : request.coordinator_keys)
      response.coordinators.push_back(find(key, request.key_type, context));
  } else {
    Coordinator found = find(request.key, request.key_type, context);
    response.error_code = found.error_code;
    response.error_message = found.error_code == Code::none ? "NONE" : "not served by this broker";
    response.node_id = found.node_id;
    response.host = std::move(found.host);
    response.port = found.port;
  }
  context.reply(response);
}

}  // namespace holdfast::broker
