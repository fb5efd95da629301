#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DeleteGroups (key 42): forget empty groups and their offsets.
inline constexpr ApiSpec delete_groups_api{
    .key = ApiKey::delete_groups, .name = "DeleteGroups", .versions = {0, 2}, .flexible_from = 2};

struct DeleteGroupsRequest {
  static constexpr const ApiSpec& api = delete_groups_api;

  std::vector<std::string_view> groups_names;

  static void describe(auto& codec, auto& m) { codec.field(m.groups_names); }
};

struct DeleteGroupsResponse {
  static constexpr const ApiSpec& api = delete_groups_api;

  struct Group {
    std::string group_id;
    ErrorCode error_code = ErrorCode::none;

    static void describe(auto& codec, auto& m) {
      codec.field(m.group_id);
      codec.field(m.error_code);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Group> results;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.results);
  }
};

}  // namespace holdfast::wire
