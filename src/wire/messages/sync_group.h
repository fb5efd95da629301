#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// SyncGroup (key 14): the leader hands in the assignment, everybody gets their part.
inline constexpr ApiSpec sync_group_api{
    .key = ApiKey::sync_group, .name = "SyncGroup", .versions = {0, 5}, .flexible_from = 4};

struct SyncGroupRequest {
  static constexpr const ApiSpec& api = sync_group_api;

  struct Assignment {
    std::string_view member_id;
    ByteView assignment;  // opaque to the broker

    static void describe(auto& codec, auto& m) {
      codec.field(m.member_id);
      codec.field(m.assignment);
    }
  };

  std::string_view group_id;
  int32_t generation_id = 0;
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;
  std::optional<std::string_view> protocol_type;
  std::optional<std::string_view> protocol_name;
  std::vector<Assignment> assignments;

  static void describe(auto& codec, auto& m) {
    codec.field(m.group_id);
    codec.field(m.generation_id);
    codec.field(m.member_id);
    codec.field(m.group_instance_id, since(3));
    codec.field(m.protocol_type, since(5));
    codec.field(m.protocol_name, since(5));
    codec.field(m.assignments);
  }
};

struct SyncGroupResponse {
  static constexpr const ApiSpec& api = sync_group_api;

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  ByteBuffer assignment;  // opaque to the broker

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(1));
    codec.field(m.error_code);
    codec.field(m.protocol_type, since(5));
    codec.field(m.protocol_name, since(5));
    codec.field(m.assignment);
  }
};

}  // namespace holdfast::wire
