#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// CreatePartitions (key 37): more partitions for a topic.
inline constexpr ApiSpec create_partitions_api{.key = ApiKey::create_partitions,
                                               .name = "CreatePartitions",
                                               .versions = {0, 3},
                                               .flexible_from = 2};

struct CreatePartitionsRequest {
  static constexpr const ApiSpec& api = create_partitions_api;

  struct Topic {
    struct Assignment {
      std::vector<int32_t> broker_ids;

      static void describe(auto& codec, auto& m) { codec.field(m.broker_ids); }
    };

    std::string_view name;
    int32_t count = 0;  // in all, not in addition
    std::optional<std::vector<Assignment>> assignments;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.count);
      codec.field(m.assignments);
    }
  };

  std::vector<Topic> topics;
  int32_t timeout_ms = 0;
  bool validate_only = false;

  static void describe(auto& codec, auto& m) {
    codec.field(m.topics);
    codec.field(m.timeout_ms);
    codec.field(m.validate_only);
  }
};

struct CreatePartitionsResponse {
  static constexpr const ApiSpec& api = create_partitions_api;

  struct Topic {
    std::string name;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.error_code);
      codec.field(m.error_message);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Topic> results;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.results);
  }
};

}  // namespace holdfast::wire
