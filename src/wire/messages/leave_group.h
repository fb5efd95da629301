#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// LeaveGroup (key 13): members go. From 3 on several at once.
inline constexpr ApiSpec leave_group_api{
    .key = ApiKey::leave_group, .name = "LeaveGroup", .versions = {0, 5}, .flexible_from = 4};

struct LeaveGroupRequest {
  static constexpr const ApiSpec& api = leave_group_api;

  struct Member {
    std::string_view member_id;
    std::optional<std::string_view> group_instance_id;
    std::optional<std::string_view> reason;

    static void describe(auto& codec, auto& m) {
      codec.field(m.member_id);
      codec.field(m.group_instance_id);
      codec.field(m.reason, since(5));
    }
  };

  std::string_view group_id;
  std::string_view member_id;
  std::vector<Member> members;

  static void describe(auto& codec, auto& m) {
    codec.field(m.group_id);
    codec.field(m.member_id, until(2));
    codec.field(m.members, since(3));
  }
};

struct LeaveGroupResponse {
  static constexpr const ApiSpec& api = leave_group_api;

  struct Member {
    std::string member_id;
    std::optional<std::string> group_instance_id;
    ErrorCode error_code = ErrorCode::none;

    static void describe(auto& codec, auto& m) {
      codec.field(m.member_id);
      codec.field(m.group_instance_id);
      codec.field(m.error_code);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::vector<Member> members;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(1));
    codec.field(m.error_code);
    codec.field(m.members, since(3));
  }
};

}  // namespace holdfast::wire
