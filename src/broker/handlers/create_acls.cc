#include "wire/messages/create_acls.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// CreateAcls: there are no access rules, which is told as Kafka without an authorizer does.
void handle(const wire::CreateAclsRequest& request, Context& context) {
  wire::CreateAclsResponse response;
  for (size_t i = 0; i < request.creations.size(); ++i) {
    response.results.push_back(
        {wire::ErrorCode::security_disabled, "this broker has no access rules"});
  }
  context.reply_now(response);
}

}  // namespace holdfast::broker
