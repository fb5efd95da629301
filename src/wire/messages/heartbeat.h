#pragma once

#include <optional>
#include <string_view>

#include "wire/message.h"

namespace holdfast::wire {

/// Heartbeat (key 12): keeps a member's session alive and tells it that a rebalance has begun.
inline constexpr ApiSpec heartbeat_api{
    .key = ApiKey::heartbeat, .name = "Heartbeat", .versions = {0, 4}, .flexible_from = 4};

struct HeartbeatRequest {
  static constexpr const ApiSpec& api = heartbeat_api;

  std::string_view group_id;
  int32_t generation_id = 0;
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;

  static void describe(auto& codec, auto& m) {
    codec.field(m.group_id);
    codec.field(m.generation_id);
    codec.field(m.member_id);
    codec.field(m.group_instance_id, since(3));
  }
};

struct HeartbeatResponse {
  static constexpr const ApiSpec& api = heartbeat_api;

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(1));
    codec.field(m.error_code);
  }
};

}  // namespace holdfast::wire
