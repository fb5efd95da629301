#pragma once

#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// ListOffsets (key 2): the offset for a time, or for one of the special times: -1 latest, -2
/// earliest, -3 that of the largest timestamp (version 7 on), -4 earliest local (8), -5 latest
/// tiered (9), -6 earliest pending upload (11).
inline constexpr ApiSpec list_offsets_api{
    .key = ApiKey::list_offsets, .name = "ListOffsets", .versions = {1, 11}, .flexible_from = 6};

struct ListOffsetsRequest {
  static constexpr const ApiSpec& api = list_offsets_api;

  struct Partition {
    int32_t partition_index = 0;
    int32_t current_leader_epoch = -1;
    int64_t timestamp = 0;

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.current_leader_epoch, since(4));
      codec.field(m.timestamp);
    }
  };
  using Topic = AskedTopic<Partition>;

  int32_t replica_id = 0;  // -1 from a consumer
  int8_t isolation_level = 0;
  std::vector<Topic> topics;
  int32_t timeout_ms = 0;

  static void describe(auto& codec, auto& m) {
    codec.field(m.replica_id);
    codec.field(m.isolation_level, since(2));
    codec.field(m.topics);
    codec.field(m.timeout_ms, since(10));
  }
};

struct ListOffsetsResponse {
  static constexpr const ApiSpec& api = list_offsets_api;

  struct Partition {
    int32_t partition_index = 0;
    ErrorCode error_code = ErrorCode::none;
    int64_t timestamp = -1;
    int64_t offset = -1;
    int32_t leader_epoch = -1;

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.error_code);
      codec.field(m.timestamp);
      codec.field(m.offset);
      codec.field(m.leader_epoch, since(4));
    }
  };
  using Topic = ToldTopic<Partition>;

  int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(2));
    codec.field(m.topics);
  }
};

}  // namespace holdfast::wire
