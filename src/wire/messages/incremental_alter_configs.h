#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// IncrementalAlterConfigs (key 44): changes single settings of a resource (KIP-339).
inline constexpr ApiSpec incremental_alter_configs_api{.key = ApiKey::incremental_alter_configs,
                                                       .name = "IncrementalAlterConfigs",
                                                       .versions = {0, 1},
                                                       .flexible_from = 1};

struct IncrementalAlterConfigsRequest {
  static constexpr const ApiSpec& api = incremental_alter_configs_api;

  struct Config {
    std::string_view name;
    int8_t config_operation = 0;  // 0 set, 1 delete, 2 append, 3 subtract
    std::optional<std::string_view> value;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.config_operation);
      codec.field(m.value);
    }
  };
  using Resource = ResourceChanges<Config>;

  std::vector<Resource> resources;
  bool validate_only = false;

  static void describe(auto& codec, auto& m) {
    codec.field(m.resources);
    codec.field(m.validate_only);
  }
};

struct IncrementalAlterConfigsResponse {
  static constexpr const ApiSpec& api = incremental_alter_configs_api;

  using Resource = ResourceChanged;

  int32_t throttle_time_ms = 0;
  std::vector<Resource> responses;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.responses);
  }
};

}  // namespace holdfast::wire
