#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// AlterPartitionReassignments (key 45): moves partitions to other brokers, or calls a move off
/// (KIP-455).
inline constexpr ApiSpec alter_partition_reassignments_api{
    .key = ApiKey::alter_partition_reassignments,
    .name = "AlterPartitionReassignments",
    .versions = {0, 1},
    .flexible_from = 0};

struct AlterPartitionReassignmentsRequest {
  static constexpr const ApiSpec& api = alter_partition_reassignments_api;

  struct Partition {
    int32_t partition_index = 0;
    std::optional<std::vector<int32_t>> replicas;  // null: call the move off

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.replicas);
    }
  };
  using Topic = AskedTopic<Partition>;

  int32_t timeout_ms = 60000;
  bool allow_replication_factor_change = true;
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.timeout_ms);
    codec.field(m.allow_replication_factor_change, since(1));
    codec.field(m.topics);
  }
};

struct AlterPartitionReassignmentsResponse {
  static constexpr const ApiSpec& api = alter_partition_reassignments_api;

  struct Partition {
    int32_t partition_index = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message = "";

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.error_code);
      codec.field(m.error_message);
    }
  };
  using Topic = ToldTopic<Partition>;

  int32_t throttle_time_ms = 0;
  bool allow_replication_factor_change = true;
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message = "";
  std::vector<Topic> responses;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.allow_replication_factor_change, since(1));
    codec.field(m.error_code);
    codec.field(m.error_message);
    codec.field(m.responses);
  }
};

}  // namespace holdfast::wire
