#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// ListPartitionReassignments (key 46): the partitions that are on their way to other brokers
/// (KIP-455).
inline constexpr ApiSpec list_partition_reassignments_api{
    .key = ApiKey::list_partition_reassignments,
    .name = "ListPartitionReassignments",
    .versions = {0, 0},
    .flexible_from = 0};

struct ListPartitionReassignmentsRequest {
  static constexpr const ApiSpec& api = list_partition_reassignments_api;

  using Topic = AskedIndexes;

  int32_t timeout_ms = 60000;
  std::optional<std::vector<Topic>> topics;  // null: all

  static void describe(auto& codec, auto& m) {
    codec.field(m.timeout_ms);
    codec.field(m.topics);
  }
};

struct ListPartitionReassignmentsResponse {
  static constexpr const ApiSpec& api = list_partition_reassignments_api;

  struct Partition {
    int32_t partition_index = 0;
    std::vector<int32_t> replicas;
    std::vector<int32_t> adding_replicas;
    std::vector<int32_t> removing_replicas;

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.replicas);
      codec.field(m.adding_replicas);
      codec.field(m.removing_replicas);
    }
  };
  using Topic = ToldTopic<Partition>;

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message = "";
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code);
    codec.field(m.error_message);
    codec.field(m.topics);
  }
};

}  // namespace holdfast::wire
