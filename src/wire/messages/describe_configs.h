#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DescribeConfigs (key 32): settings of topics and brokers, and where each value comes from.
inline constexpr ApiSpec describe_configs_api{.key = ApiKey::describe_configs,
                                              .name = "DescribeConfigs",
                                              .versions = {1, 4},
                                              .flexible_from = 4};

/// `configuration_keys` null: all of them.
struct DescribeConfigsRequest {
  static constexpr const ApiSpec& api = describe_configs_api;

  struct Resource {
    int8_t resource_type = 0;  // 2 topic, 4 broker, 8 broker logger
    std::string_view resource_name;
    std::optional<std::vector<std::string_view>> configuration_keys;

    static void describe(auto& codec, auto& m) {
      codec.field(m.resource_type);
      codec.field(m.resource_name);
      codec.field(m.configuration_keys);
    }
  };

  std::vector<Resource> resources;
  bool include_synonyms = false;
  bool include_documentation = false;

  static void describe(auto& codec, auto& m) {
    codec.field(m.resources);
    codec.field(m.include_synonyms);
    codec.field(m.include_documentation, since(3));
  }
};

struct DescribeConfigsResponse {
  static constexpr const ApiSpec& api = describe_configs_api;

  struct Resource {
    struct Config {
      struct Synonym {
        std::string name;
        std::optional<std::string> value;
        int8_t source = 0;

        static void describe(auto& codec, auto& m) {
          codec.field(m.name);
          codec.field(m.value);
          codec.field(m.source);
        }
      };

      std::string name;
      std::optional<std::string> value;
      bool read_only = false;
      int8_t config_source = -1;  // 1 topic, 2 broker, 4 static broker, 5 default
      bool is_sensitive = false;
      std::vector<Synonym> synonyms;
      int8_t config_type = 0;
      std::optional<std::string> documentation;

      static void describe(auto& codec, auto& m) {
        codec.field(m.name);
        codec.field(m.value);
        codec.field(m.read_only);
        codec.field(m.config_source);
        codec.field(m.is_sensitive);
        codec.field(m.synonyms);
        codec.field(m.config_type, since(3));
        codec.field(m.documentation, since(3));
      }
    };

    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    int8_t resource_type = 0;  // 2 topic, 4 broker, 8 broker logger
    std::string resource_name;
    std::vector<Config> configs;

    static void describe(auto& codec, auto& m) {
      codec.field(m.error_code);
      codec.field(m.error_message);
      codec.field(m.resource_type);
      codec.field(m.resource_name);
      codec.field(m.configs);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Resource> results;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.results);
  }
};

}  // namespace holdfast::wire
