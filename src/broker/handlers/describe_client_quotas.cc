#include "wire/messages/describe_client_quotas.h"

#include <set>

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

Refusal judge(const wire::DescribeClientQuotasRequest& request) {
  std::set<std::string_view> seen;
  for (const auto& component : request.components) {
    const std::string_view type = component.entity_type;
    if (type.empty()) return {wire::ErrorCode::invalid_request, "an entity type is empty"};
    if (!seen.insert(type).second)
      return {wire::ErrorCode::invalid_request, "an entity type is there twice"};
    if (type != "user" && type != "client-id" && type != "ip")
      return {wire::ErrorCode::unsupported_version, "entities are user, client-id and ip"};
    if (component.match_type < 0 || component.match_type > 2)
      return {wire::ErrorCode::invalid_request, "match types are 0, 1 and 2"};
    if ((component.match_type == 0) != component.match.has_value())
      return {wire::ErrorCode::invalid_request, "a name belongs to match type 0, and only to it"};
  }
  return {};
}

}  // namespace

/// DescribeClientQuotas: this broker has no quotas, so nothing matches any filter.
void handle(const wire::DescribeClientQuotasRequest& request, Context& context) {
  wire::DescribeClientQuotasResponse response;
  response.error_message.reset();
  if (Refusal refusal = judge(request)) {
    response.error_code = refusal.code;
    response.error_message = std::move(refusal.message);
    response.entries.reset();
  }
  context.reply_now(response);
}

}  // namespace holdfast::broker
