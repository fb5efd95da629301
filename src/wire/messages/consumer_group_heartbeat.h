#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// ConsumerGroupHeartbeat (key 68): all that a member of a group by KIP-848 says and hears.
inline constexpr ApiSpec consumer_group_heartbeat_api{.key = ApiKey::consumer_group_heartbeat,
                                                      .name = "ConsumerGroupHeartbeat",
                                                      .versions = {0, 1},
                                                      .flexible_from = 0};

struct ConsumerGroupHeartbeatRequest {
  static constexpr const ApiSpec& api = consumer_group_heartbeat_api;

  struct TopicPartitions {
    Uuid topic_id;
    std::vector<int32_t> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic_id);
      codec.field(m.partitions);
    }
  };

  std::string_view group_id;
  std::string_view member_id;
  int32_t member_epoch = 0;  // 0 joins, -1 leaves
  std::optional<std::string_view> instance_id;
  std::optional<std::string_view> rack_id;
  int32_t rebalance_timeout_ms = -1;
  std::optional<std::vector<std::string_view>> subscribed_topic_names;
  std::optional<std::string_view> subscribed_topic_regex;
  std::optional<std::string_view> server_assignor;
  std::optional<std::vector<TopicPartitions>> topic_partitions;

  static void describe(auto& codec, auto& m) {
    codec.field(m.group_id);
    codec.field(m.member_id);
    codec.field(m.member_epoch);
    codec.field(m.instance_id);
    codec.field(m.rack_id);
    codec.field(m.rebalance_timeout_ms);
    codec.field(m.subscribed_topic_names);
    codec.field(m.subscribed_topic_regex, since(1));
    codec.field(m.server_assignor);
    codec.field(m.topic_partitions);
  }
};

struct ConsumerGroupHeartbeatResponse {
  static constexpr const ApiSpec& api = consumer_group_heartbeat_api;

  struct Assignment {
    struct TopicPartitions {
      Uuid topic_id;
      std::vector<int32_t> partitions;

      static void describe(auto& codec, auto& m) {
        codec.field(m.topic_id);
        codec.field(m.partitions);
      }
    };

    std::vector<TopicPartitions> topic_partitions;

    static void describe(auto& codec, auto& m) { codec.field(m.topic_partitions); }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message;
  std::optional<std::string> member_id;
  int32_t member_epoch = 0;
  int32_t heartbeat_interval_ms = 0;
  std::optional<Assignment> assignment;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.error_message);
    codec.field(m.member_id);
    codec.field(m.member_epoch);
    codec.field(m.heartbeat_interval_ms);
    codec.field(m.assignment);
  }
};

}  // namespace holdfast::wire
