#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// OffsetForLeaderEpoch (key 23): where an epoch ends, by which a client sees that the log was
/// truncated under it (KIP-320).
inline constexpr ApiSpec offset_for_leader_epoch_api{.key = ApiKey::offset_for_leader_epoch,
                                                     .name = "OffsetForLeaderEpoch",
                                                     .versions = {2, 4},
                                                     .flexible_from = 4};

struct OffsetForLeaderEpochRequest {
  static constexpr const ApiSpec& api = offset_for_leader_epoch_api;

  struct Topic {
    struct Partition {
      int32_t partition = 0;
      int32_t current_leader_epoch = -1;
      int32_t leader_epoch = 0;

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition);
        codec.field(m.current_leader_epoch);
        codec.field(m.leader_epoch);
      }
    };

    std::string_view topic;
    std::vector<Partition> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic);
      codec.field(m.partitions);
    }
  };

  int32_t replica_id = -2;  // -1 from a consumer
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.replica_id, since(3));
    codec.field(m.topics);
  }
};

struct OffsetForLeaderEpochResponse {
  static constexpr const ApiSpec& api = offset_for_leader_epoch_api;

  struct Topic {
    struct Partition {
      ErrorCode error_code = ErrorCode::none;
      int32_t partition = 0;
      int32_t leader_epoch = -1;
      int64_t end_offset = -1;

      static void describe(auto& codec, auto& m) {
        codec.field(m.error_code);
        codec.field(m.partition);
        codec.field(m.leader_epoch);
        codec.field(m.end_offset);
      }
    };

    std::string topic;
    std::vector<Partition> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic);
      codec.field(m.partitions);
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
