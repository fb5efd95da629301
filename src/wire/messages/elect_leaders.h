#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// ElectLeaders (key 43): asks that partitions be led by their preferred replica (0), or by any
/// that lives (1).
inline constexpr ApiSpec elect_leaders_api{
    .key = ApiKey::elect_leaders, .name = "ElectLeaders", .versions = {0, 2}, .flexible_from = 2};

struct ElectLeadersRequest {
  static constexpr const ApiSpec& api = elect_leaders_api;

  struct Topic {
    std::string_view topic;
    std::vector<int32_t> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic);
      codec.field(m.partitions);
    }
  };

  int8_t election_type = 0;
  std::optional<std::vector<Topic>> topic_partitions = std::vector<Topic>{};  // null: all there are
  int32_t timeout_ms = 60000;

  static void describe(auto& codec, auto& m) {
    codec.field(m.election_type, since(1));
    codec.field(m.topic_partitions);
    codec.field(m.timeout_ms);
  }
};

struct ElectLeadersResponse {
  static constexpr const ApiSpec& api = elect_leaders_api;

  struct Topic {
    struct Partition {
      int32_t partition_id = 0;
      ErrorCode error_code = ErrorCode::none;
      std::optional<std::string> error_message = "";

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition_id);
        codec.field(m.error_code);
        codec.field(m.error_message);
      }
    };

    std::string topic;
    std::vector<Partition> partition_result;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic);
      codec.field(m.partition_result);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::vector<Topic> replica_election_results;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code, since(1));
    codec.field(m.replica_election_results);
  }
};

}  // namespace holdfast::wire
