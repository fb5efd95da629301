#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DescribeTopicPartitions (key 75): the partitions of topics, page by page (KIP-966).
inline constexpr ApiSpec describe_topic_partitions_api{.key = ApiKey::describe_topic_partitions,
                                                       .name = "DescribeTopicPartitions",
                                                       .versions = {0, 0},
                                                       .flexible_from = 0};

struct DescribeTopicPartitionsRequest {
  static constexpr const ApiSpec& api = describe_topic_partitions_api;

  struct Topic {
    std::string_view name;

    static void describe(auto& codec, auto& m) { codec.field(m.name); }
  };

  struct Cursor {
    std::string_view topic_name;
    int32_t partition_index = 0;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic_name);
      codec.field(m.partition_index);
    }
  };

  std::vector<Topic> topics;
  int32_t response_partition_limit = 2000;
  std::optional<Cursor> cursor;

  static void describe(auto& codec, auto& m) {
    codec.field(m.topics);
    codec.field(m.response_partition_limit);
    codec.field(m.cursor);
  }
};

struct DescribeTopicPartitionsResponse {
  static constexpr const ApiSpec& api = describe_topic_partitions_api;

  struct Topic {
    struct Partition {
      ErrorCode error_code = ErrorCode::none;
      int32_t partition_index = 0;
      int32_t leader_id = 0;
      int32_t leader_epoch = -1;
      std::vector<int32_t> replica_nodes;
      std::vector<int32_t> isr_nodes;
      std::optional<std::vector<int32_t>> eligible_leader_replicas;
      std::optional<std::vector<int32_t>> last_known_elr;
      std::vector<int32_t> offline_replicas;

      static void describe(auto& codec, auto& m) {
        codec.field(m.error_code);
        codec.field(m.partition_index);
        codec.field(m.leader_id);
        codec.field(m.leader_epoch);
        codec.field(m.replica_nodes);
        codec.field(m.isr_nodes);
        codec.field(m.eligible_leader_replicas);
        codec.field(m.last_known_elr);
        codec.field(m.offline_replicas);
      }
    };

    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> name;
    Uuid topic_id;
    bool is_internal = false;
    std::vector<Partition> partitions;
    int32_t topic_authorized_operations = INT32_MIN;  // INT32_MIN: not asked for

    static void describe(auto& codec, auto& m) {
      codec.field(m.error_code);
      codec.field(m.name);
      codec.field(m.topic_id);
      codec.field(m.is_internal);
      codec.field(m.partitions);
      codec.field(m.topic_authorized_operations);
    }
  };

  struct Cursor {
    std::string topic_name;
    int32_t partition_index = 0;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic_name);
      codec.field(m.partition_index);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;
  std::optional<Cursor> next_cursor;  // null: that was all

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.topics);
    codec.field(m.next_cursor);
  }
};

}  // namespace holdfast::wire
