#include "wire/messages/delete_groups.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// DeleteGroups: forgets groups without members, and their offsets.
void handle(const wire::DeleteGroupsRequest& request, Context& context) {
  wire::DeleteGroupsResponse response;
  for (const std::string_view group : request.groups_names) {
    response.results.push_back(
        {std::string(group), context.core.groups().remove(group, context.now)});
  }
  context.reply(response);
}

}  // namespace holdfast::broker
