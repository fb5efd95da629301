#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// DescribeAcls (key 29): the access rules that match a filter.
inline constexpr ApiSpec describe_acls_api{
    .key = ApiKey::describe_acls, .name = "DescribeAcls", .versions = {1, 3}, .flexible_from = 2};

struct DescribeAclsRequest : AclFilter {
  static constexpr const ApiSpec& api = describe_acls_api;
};

struct DescribeAclsResponse {
  static constexpr const ApiSpec& api = describe_acls_api;

  struct Resource {
    struct Acl {
      std::string principal;
      std::string host;
      int8_t operation = 0;
      int8_t permission_type = 0;

      static void describe(auto& codec, auto& m) {
        codec.field(m.principal);
        codec.field(m.host);
        codec.field(m.operation);
        codec.field(m.permission_type);
      }
    };

    int8_t resource_type = 0;
    std::string resource_name;
    int8_t pattern_type = 3;
    std::vector<Acl> acls;

    static void describe(auto& codec, auto& m) {
      codec.field(m.resource_type);
      codec.field(m.resource_name);
      codec.field(m.pattern_type);
      codec.field(m.acls);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message;
  std::vector<Resource> resources;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.error_message);
    codec.field(m.resources);
  }
};

}  // namespace holdfast::wire
