#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// FindCoordinator (key 10): which broker looks after a group or a transaction. From 4 on for many
/// keys at once.
inline constexpr ApiSpec find_coordinator_api{.key = ApiKey::find_coordinator,
                                              .name = "FindCoordinator",
                                              .versions = {0, 6},
                                              .flexible_from = 3};

struct FindCoordinatorRequest {
  static constexpr const ApiSpec& api = find_coordinator_api;

  std::string_view key;
  int8_t key_type = 0;  // 0 group, 1 transaction, 2 share
  std::vector<std::string_view> coordinator_keys;

  static void describe(auto& codec, auto& m) {
    codec.field(m.key, until(3));
    codec.field(m.key_type, since(1));
    codec.field(m.coordinator_keys, since(4));
  }
};

struct FindCoordinatorResponse {
  static constexpr const ApiSpec& api = find_coordinator_api;

  struct Coordinator {
    std::string key;
    int32_t node_id = 0;
    std::string host;
    int32_t port = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;

    static void describe(auto& codec, auto& m) {
      codec.field(m.key);
      codec.field(m.node_id);
      codec.field(m.host);
      codec.field(m.port);
      codec.field(m.error_code);
      codec.field(m.error_message);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message;
  int32_t node_id = 0;
  std::string host;
  int32_t port = 0;
  std::vector<Coordinator> coordinators;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(1));
    codec.field(m.error_code, until(3));
    codec.field(m.error_message, since(1).until(3));
    codec.field(m.node_id, until(3));
    codec.field(m.host, until(3));
    codec.field(m.port, until(3));
    codec.field(m.coordinators, since(4));
  }
};

}  // namespace holdfast::wire
