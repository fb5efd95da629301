#pragma once

#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// DeleteRecords (key 21): everything before an offset may go.
inline constexpr ApiSpec delete_records_api{
    .key = ApiKey::delete_records, .name = "DeleteRecords", .versions = {0, 2}, .flexible_from = 2};

struct DeleteRecordsRequest {
  static constexpr const ApiSpec& api = delete_records_api;

  struct Partition {
    int32_t partition_index = 0;
    int64_t offset = 0;  // -1: the high watermark

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.offset);
    }
  };
  using Topic = AskedTopic<Partition>;

  std::vector<Topic> topics;
  int32_t timeout_ms = 0;

  static void describe(auto& codec, auto& m) {
    codec.field(m.topics);
    codec.field(m.timeout_ms);
  }
};

struct DeleteRecordsResponse {
  static constexpr const ApiSpec& api = delete_records_api;

  struct Partition {
    int32_t partition_index = 0;
    int64_t low_watermark = 0;
    ErrorCode error_code = ErrorCode::none;

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.low_watermark);
      codec.field(m.error_code);
    }
  };
  using Topic = ToldTopic<Partition>;

  int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.topics);
  }
};

}  // namespace holdfast::wire
