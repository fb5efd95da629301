#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DescribeGroups (key 15): state and members of classic groups.
inline constexpr ApiSpec describe_groups_api{.key = ApiKey::describe_groups,
                                             .name = "DescribeGroups",
                                             .versions = {0, 6},
                                             .flexible_from = 5};

struct DescribeGroupsRequest {
  static constexpr const ApiSpec& api = describe_groups_api;

  std::vector<std::string_view> groups;
  bool include_authorized_operations = false;

  static void describe(auto& codec, auto& m) {
    codec.field(m.groups);
    codec.field(m.include_authorized_operations, since(3));
  }
};

struct DescribeGroupsResponse {
  static constexpr const ApiSpec& api = describe_groups_api;

  struct Group {
    struct Member {
      std::string member_id;
      std::optional<std::string> group_instance_id;
      std::string client_id;
      std::string client_host;
      ByteBuffer member_metadata;
      ByteBuffer member_assignment;

      static void describe(auto& codec, auto& m) {
        codec.field(m.member_id);
        codec.field(m.group_instance_id, since(4));
        codec.field(m.client_id);
        codec.field(m.client_host);
        codec.field(m.member_metadata);
        codec.field(m.member_assignment);
      }
    };

    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::string group_id;
    std::string group_state;
    std::string protocol_type;
    std::string protocol_data;
    std::vector<Member> members;
    int32_t authorized_operations = INT32_MIN;  // INT32_MIN: not asked for

    static void describe(auto& codec, auto& m) {
      codec.field(m.error_code);
      codec.field(m.error_message, since(6));
      codec.field(m.group_id);
      codec.field(m.group_state);
      codec.field(m.protocol_type);
      codec.field(m.protocol_data);
      codec.field(m.members);
      codec.field(m.authorized_operations, since(3));
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Group> groups;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(1));
    codec.field(m.groups);
  }
};

}  // namespace holdfast::wire
