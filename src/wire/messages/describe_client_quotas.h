#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DescribeClientQuotas (key 48): the quotas that match a filter (KIP-546).
inline constexpr ApiSpec describe_client_quotas_api{.key = ApiKey::describe_client_quotas,
                                                    .name = "DescribeClientQuotas",
                                                    .versions = {0, 1},
                                                    .flexible_from = 1};

struct DescribeClientQuotasRequest {
  static constexpr const ApiSpec& api = describe_client_quotas_api;

  struct Component {
    std::string_view entity_type;
    int8_t match_type = 0;  // 0 the name in `match`, 1 the default, 2 any name
    std::optional<std::string_view> match = "";

    static void describe(auto& codec, auto& m) {
      codec.field(m.entity_type);
      codec.field(m.match_type);
      codec.field(m.match);
    }
  };

  std::vector<Component> components;
  bool strict = false;

  static void describe(auto& codec, auto& m) {
    codec.field(m.components);
    codec.field(m.strict);
  }
};

struct DescribeClientQuotasResponse {
  static constexpr const ApiSpec& api = describe_client_quotas_api;

  struct Entry {
    struct Entity {
      std::string entity_type;
      std::optional<std::string> entity_name = "";  // null: the default

      static void describe(auto& codec, auto& m) {
        codec.field(m.entity_type);
        codec.field(m.entity_name);
      }
    };

    struct Value {
      std::string key;
      Float64Bits value{};

      static void describe(auto& codec, auto& m) {
        codec.field(m.key);
        codec.field(m.value);
      }
    };

    std::vector<Entity> entity;
    std::vector<Value> values;

    static void describe(auto& codec, auto& m) {
      codec.field(m.entity);
      codec.field(m.values);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message = "";
  std::optional<std::vector<Entry>> entries = std::vector<Entry>{};

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.error_message);
    codec.field(m.entries);
  }
};

}  // namespace holdfast::wire
