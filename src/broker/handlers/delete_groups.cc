#include "wire/messages/delete_groups.h"

#include <set>
#include <string_view>

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// DeleteGroups: forgets groups without members, and their offsets.
void handle(const wire::DeleteGroupsRequest& request, Context& context) {
  wire::DeleteGroupsResponse response;
  // Whoever is named twice is answered once.
  for (const std::string_view group :
       std::set<std::string_view>(request.groups_names.begin(), request.groups_names.end())) {
    response.results.push_back(
        {std::string(group), context.core.groups().remove(group, context.now)});
  }
  context.reply(response);
}

}  // namespace holdfast::broker
