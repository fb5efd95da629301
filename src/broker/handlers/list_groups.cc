#include "wire/messages/list_groups.h"

#include <algorithm>

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Filter = std::vector<std::string_view>;

bool same_word(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

bool passes(const Filter& filter, std::string_view value) {
  return filter.empty() || std::any_of(filter.begin(), filter.end(),
                                       [&](auto wanted) { return same_word(wanted, value); });
}

}  // namespace

/// ListGroups: every group, also those that clients without membership know by their offsets alone.
void handle(const wire::ListGroupsRequest& request, Context& context) {
  wire::ListGroupsResponse response;
  static constexpr std::string_view type = "classic";
  const auto& groups = context.core.groups().groups(context.now);
  const auto add = [&](const std::string& id, std::string_view protocol, std::string_view state) {
    if (!passes(request.states_filter, state)) return;
    response.groups.push_back({.group_id = id,
                               .protocol_type = std::string(protocol),
                               .group_state = std::string(state),
                               .group_type = std::string(type)});
  };
  if (passes(request.types_filter, type)) {
    for (const auto& [id, group] : groups.all())
      add(id, group->protocol_type(), name(group->state()));
    for (const auto& [id, offsets] : context.state().offsets().all()) {
      if (!groups.find(id)) add(id, "", name(coordinator::GroupState::empty));
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
