#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// ListConfigResources (key 74): the names of what has settings (KIP-1142). Before version 1 only
/// client metrics.
inline constexpr ApiSpec list_config_resources_api{.key = ApiKey::list_config_resources,
                                                   .name = "ListConfigResources",
                                                   .versions = {0, 1},
                                                   .flexible_from = 0};

struct ListConfigResourcesRequest {
  static constexpr const ApiSpec& api = list_config_resources_api;

  std::vector<int8_t> resource_types;  // none: all kinds

  static void describe(auto& codec, auto& m) { codec.field(m.resource_types, since(1)); }
};

struct ListConfigResourcesResponse {
  static constexpr const ApiSpec& api = list_config_resources_api;

  struct ConfigResource {
    std::string resource_name;
    int8_t resource_type = 16;

    static void describe(auto& codec, auto& m) {
      codec.field(m.resource_name);
      codec.field(m.resource_type, since(1));
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::vector<ConfigResource> config_resources;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.config_resources);
  }
};

}  // namespace holdfast::wire
