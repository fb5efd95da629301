#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// ApiVersions (key 18): what the broker speaks. The first request of every connection. A version
/// that we do not know is answered in version 0 with UNSUPPORTED_VERSION and the list, so that the
/// client can come down.
inline constexpr ApiSpec api_versions_api{
    .key = ApiKey::api_versions, .name = "ApiVersions", .versions = {0, 4}, .flexible_from = 3};

struct ApiVersionsRequest {
  static constexpr const ApiSpec& api = api_versions_api;

  std::string_view client_software_name;
  std::string_view client_software_version;

  static void describe(auto& codec, auto& m) {
    codec.field(m.client_software_name, since(3));
    codec.field(m.client_software_version, since(3));
  }
};

/// Its header never has a tag buffer, whatever the version.
struct ApiVersionsResponse {
  static constexpr const ApiSpec& api = api_versions_api;

  struct Api {
    int16_t api_key = 0;
    int16_t min_version = 0;
    int16_t max_version = 0;

    static void describe(auto& codec, auto& m) {
      codec.field(m.api_key);
      codec.field(m.min_version);
      codec.field(m.max_version);
    }
  };

  struct SupportedFeature {
    std::string name;
    int16_t min_version = 0;
    int16_t max_version = 0;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.min_version);
      codec.field(m.max_version);
    }
  };

  struct FinalizedFeature {
    std::string name;
    int16_t max_version_level = 0;
    int16_t min_version_level = 0;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.max_version_level);
      codec.field(m.min_version_level);
    }
  };

  ErrorCode error_code = ErrorCode::none;
  std::vector<Api> api_keys;
  int32_t throttle_time_ms = 0;
  std::vector<SupportedFeature> supported_features;
  int64_t finalized_features_epoch = -1;  // -1: unknown
  std::vector<FinalizedFeature> finalized_features;
  bool zk_migration_ready = false;

  static void describe(auto& codec, auto& m) {
    codec.field(m.error_code);
    codec.field(m.api_keys);
    codec.field(m.throttle_time_ms, since(1));
    codec.tagged(0, m.supported_features, since(3));
    codec.tagged(1, m.finalized_features_epoch, since(3), int64_t{-1});
    codec.tagged(2, m.finalized_features, since(3));
    codec.tagged(3, m.zk_migration_ready, since(3));
  }
};

}  // namespace holdfast::wire
