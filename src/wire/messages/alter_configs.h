#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// AlterConfigs (key 33): replaces all settings of a resource. Old; see IncrementalAlterConfigs.
inline constexpr ApiSpec alter_configs_api{
    .key = ApiKey::alter_configs, .name = "AlterConfigs", .versions = {0, 2}, .flexible_from = 2};

struct AlterConfigsRequest {
  static constexpr const ApiSpec& api = alter_configs_api;

  struct Config {
    std::string_view name;
    std::optional<std::string_view> value;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
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

struct AlterConfigsResponse {
  static constexpr const ApiSpec& api = alter_configs_api;

  using Resource = ResourceChanged;

  int32_t throttle_time_ms = 0;
  std::vector<Resource> responses;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.responses);
  }
};

}  // namespace holdfast::wire
