#include "wire/messages/describe_user_scram_credentials.h"

#include <set>

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// DescribeUserScramCredentials: there are no users yet, so whoever is asked for by name is not
/// found.
void handle(const wire::DescribeUserScramCredentialsRequest& request, Context& context) {
  wire::DescribeUserScramCredentialsResponse response;
  response.error_message.reset();
  std::multiset<std::string_view> names;
  if (request.users)
    for (const auto& user : *request.users) names.insert(user.name);
  for (auto name = names.begin(); name != names.end(); name = names.upper_bound(*name)) {
    const bool twice = names.count(*name) > 1;
    response.results.push_back({.user = std::string(*name),
                                .error_code = twice ? wire::ErrorCode::duplicate_resource
                                                    : wire::ErrorCode::resource_not_found,
                                .error_message = twice ? "the user is there twice in the request"
                                                       : "there is no such user",
                                .credential_infos = {}});
  }
  context.reply_now(response);
}

}  // namespace holdfast::broker
