#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// DeleteAcls (key 31): remove the access rules that match filters.
inline constexpr ApiSpec delete_acls_api{
    .key = ApiKey::delete_acls, .name = "DeleteAcls", .versions = {1, 3}, .flexible_from = 2};

struct DeleteAclsRequest {
  static constexpr const ApiSpec& api = delete_acls_api;

  using Filter = AclFilter;

  std::vector<Filter> filters;

  static void describe(auto& codec, auto& m) { codec.field(m.filters); }
};

/// One result for each filter, in their order.
struct DeleteAclsResponse {
  static constexpr const ApiSpec& api = delete_acls_api;

  struct FilterResult {
    struct MatchingAcl {
      ErrorCode error_code = ErrorCode::none;
      std::optional<std::string> error_message;
      int8_t resource_type = 0;
      std::string resource_name;
      int8_t pattern_type = 3;
      std::string principal;
      std::string host;
      int8_t operation = 0;
      int8_t permission_type = 0;

      static void describe(auto& codec, auto& m) {
        codec.field(m.error_code);
        codec.field(m.error_message);
        codec.field(m.resource_type);
        codec.field(m.resource_name);
        codec.field(m.pattern_type);
        codec.field(m.principal);
        codec.field(m.host);
        codec.field(m.operation);
        codec.field(m.permission_type);
      }
    };

    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::vector<MatchingAcl> matching_acls;

    static void describe(auto& codec, auto& m) {
      codec.field(m.error_code);
      codec.field(m.error_message);
      codec.field(m.matching_acls);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<FilterResult> filter_results;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.filter_results);
  }
};

}  // namespace holdfast::wire
