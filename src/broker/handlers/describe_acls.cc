#include "wire/messages/describe_acls.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// DescribeAcls: there are no access rules yet, which is told as Kafka without an authorizer does.
void handle(const wire::DescribeAclsRequest&, Context& context) {
  wire::DescribeAclsResponse response;
  response.error_code = wire::ErrorCode::security_disabled;
  response.error_message = "this broker has no access rules";
  context.reply_now(response);
}

}  // namespace holdfast::broker
