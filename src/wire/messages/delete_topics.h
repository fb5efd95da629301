#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DeleteTopics (key 20). From 6 on a topic is named or given by its id.
inline constexpr ApiSpec delete_topics_api{
    .key = ApiKey::delete_topics, .name = "DeleteTopics", .versions = {1, 6}, .flexible_from = 4};

struct DeleteTopicsRequest {
  static constexpr const ApiSpec& api = delete_topics_api;

  struct Topic {
    std::optional<std::string_view> name;
    Uuid topic_id;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.topic_id);
    }
  };

  std::vector<Topic> topics;
  std::vector<std::string_view> topic_names;
  int32_t timeout_ms = 0;

  static void describe(auto& codec, auto& m) {
    codec.field(m.topics, since(6));
    codec.field(m.topic_names, until(5));
    codec.field(m.timeout_ms);
  }
};

struct DeleteTopicsResponse {
  static constexpr const ApiSpec& api = delete_topics_api;

  struct Topic {
    std::optional<std::string> name;
    Uuid topic_id;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name, nullable_since(6));
      codec.field(m.topic_id, since(6));
      codec.field(m.error_code);
      codec.field(m.error_message, since(5));
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Topic> responses;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.responses);
  }
};

}  // namespace holdfast::wire
