#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// ListGroups (key 16): the groups that this broker looks after.
inline constexpr ApiSpec list_groups_api{
    .key = ApiKey::list_groups, .name = "ListGroups", .versions = {0, 5}, .flexible_from = 3};

/// An empty filter lets everything pass.
struct ListGroupsRequest {
  static constexpr const ApiSpec& api = list_groups_api;

  std::vector<std::string_view> states_filter;
  std::vector<std::string_view> types_filter;

  static void describe(auto& codec, auto& m) {
    codec.field(m.states_filter, since(4));
    codec.field(m.types_filter, since(5));
  }
};

struct ListGroupsResponse {
  static constexpr const ApiSpec& api = list_groups_api;

  struct Group {
    std::string group_id;
    std::string protocol_type;
    std::string group_state;
    std::string group_type;

    static void describe(auto& codec, auto& m) {
      codec.field(m.group_id);
      codec.field(m.protocol_type);
      codec.field(m.group_state, since(4));
      codec.field(m.group_type, since(5));
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::vector<Group> groups;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(1));
    codec.field(m.error_code);
    codec.field(m.groups);
  }
};

}  // namespace holdfast::wire
