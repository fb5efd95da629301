#pragma once

#include <string_view>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// OffsetDelete (key 47): forgets committed offsets of a group (KIP-496).
inline constexpr ApiSpec offset_delete_api{
    .key = ApiKey::offset_delete, .name = "OffsetDelete", .versions = {0, 0}};

struct OffsetDeleteRequest {
  static constexpr const ApiSpec& api = offset_delete_api;

  struct Partition {
    int32_t partition_index = 0;

    static void describe(auto& codec, auto& m) { codec.field(m.partition_index); }
  };
  using Topic = AskedTopic<Partition>;

  std::string_view group_id;
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.group_id);
    codec.field(m.topics);
  }
};

struct OffsetDeleteResponse {
  static constexpr const ApiSpec& api = offset_delete_api;

  using Topic = ToldTopic<PartitionCode>;

  ErrorCode error_code = ErrorCode::none;
  int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.error_code);
    codec.field(m.throttle_time_ms);
    codec.field(m.topics);
  }
};

}  // namespace holdfast::wire
