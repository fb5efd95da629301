#include "wire/messages/delete_acls.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// DeleteAcls: there are no access rules, which is told as Kafka without an authorizer does.
void handle(const wire::DeleteAclsRequest& request, Context& context) {
  wire::DeleteAclsResponse response;
  for (size_t i = 0; i < request.filters.size(); ++i) {
    response.filter_results.push_back(
        {wire::ErrorCode::security_disabled, "this broker has no access rules", {}});
  }
  context.reply_now(response);
}

}  // namespace holdfast::broker
