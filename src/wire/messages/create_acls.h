#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// CreateAcls (key 30): add access rules.
inline constexpr ApiSpec create_acls_api{
    .key = ApiKey::create_acls, .name = "CreateAcls", .versions = {1, 3}, .flexible_from = 2};

struct CreateAclsRequest {
  static constexpr const ApiSpec& api = create_acls_api;

  struct Creation {
    int8_t resource_type = 0;
    std::string_view resource_name;
    int8_t resource_pattern_type = 3;
    std::string_view principal;
    std::string_view host;
    int8_t operation = 0;
    int8_t permission_type = 0;

    static void describe(auto& codec, auto& m) {
      codec.field(m.resource_type);
      codec.field(m.resource_name);
      codec.field(m.resource_pattern_type);
      codec.field(m.principal);
      codec.field(m.host);
      codec.field(m.operation);
      codec.field(m.permission_type);
    }
  };

  std::vector<Creation> creations;

  static void describe(auto& codec, auto& m) { codec.field(m.creations); }
};

/// One result for each rule, in their order.
struct CreateAclsResponse {
  static constexpr const ApiSpec& api = create_acls_api;

  struct Result {
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;

    static void describe(auto& codec, auto& m) {
      codec.field(m.error_code);
      codec.field(m.error_message);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Result> results;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.results);
  }
};

}  // namespace holdfast::wire
