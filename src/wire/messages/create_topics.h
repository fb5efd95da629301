#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// CreateTopics (key 19). From 5 on the answer tells the settings that the topic got.
inline constexpr ApiSpec create_topics_api{
    .key = ApiKey::create_topics, .name = "CreateTopics", .versions = {2, 7}, .flexible_from = 5};

struct CreateTopicsRequest {
  static constexpr const ApiSpec& api = create_topics_api;

  struct Topic {
    struct Assignment {
      int32_t partition_index = 0;
      std::vector<int32_t> broker_ids;

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition_index);
        codec.field(m.broker_ids);
      }
    };

    struct Config {
      std::string_view name;
      std::optional<std::string_view> value;

      static void describe(auto& codec, auto& m) {
        codec.field(m.name);
        codec.field(m.value);
      }
    };

    std::string_view name;
    int32_t num_partitions = 0;      // -1: the default, or as in assignments
    int16_t replication_factor = 0;  // -1: the default, or as in assignments
    std::vector<Assignment> assignments;
    std::vector<Config> configs;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.num_partitions);
      codec.field(m.replication_factor);
      codec.field(m.assignments);
      codec.field(m.configs);
    }
  };

  std::vector<Topic> topics;
  int32_t timeout_ms = 60000;
  bool validate_only = false;

  static void describe(auto& codec, auto& m) {
    codec.field(m.topics);
    codec.field(m.timeout_ms);
    codec.field(m.validate_only);
  }
};

struct CreateTopicsResponse {
  static constexpr const ApiSpec& api = create_topics_api;

  struct Topic {
    struct Config {
      std::string name;
      std::optional<std::string> value;
      bool read_only = false;
      int8_t config_source = -1;
      bool is_sensitive = false;

      static void describe(auto& codec, auto& m) {
        codec.field(m.name);
        codec.field(m.value);
        codec.field(m.read_only);
        codec.field(m.config_source);
        codec.field(m.is_sensitive);
      }
    };

    std::string name;
    Uuid topic_id;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    ErrorCode topic_config_error_code = ErrorCode::none;
    int32_t num_partitions = -1;      // -1: the default, or as in assignments
    int16_t replication_factor = -1;  // -1: the default, or as in assignments
    std::optional<std::vector<Config>> configs;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.topic_id, since(7));
      codec.field(m.error_code);
      codec.field(m.error_message);
      codec.field(m.num_partitions, since(5));
      codec.field(m.replication_factor, since(5));
      codec.field(m.configs, since(5));
      codec.tagged(0, m.topic_config_error_code, since(5));
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.topics);
  }
};

}  // namespace holdfast::wire
