#pragma once

#include <optional>
#include <string>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// DescribeProducers (key 61): what partitions remember of their producers (KIP-664).
inline constexpr ApiSpec describe_producers_api{.key = ApiKey::describe_producers,
                                                .name = "DescribeProducers",
                                                .versions = {0, 0},
                                                .flexible_from = 0};

struct DescribeProducersRequest {
  static constexpr const ApiSpec& api = describe_producers_api;

  using Topic = AskedIndexes;

  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) { codec.field(m.topics); }
};

struct DescribeProducersResponse {
  static constexpr const ApiSpec& api = describe_producers_api;

  struct Partition {
    struct Producer {
      int64_t producer_id = 0;
      int32_t producer_epoch = 0;
      int32_t last_sequence = -1;
      int64_t last_timestamp = -1;
      int32_t coordinator_epoch = 0;
      int64_t current_txn_start_offset = -1;  // -1: none is open

      static void describe(auto& codec, auto& m) {
        codec.field(m.producer_id);
        codec.field(m.producer_epoch);
        codec.field(m.last_sequence);
        codec.field(m.last_timestamp);
        codec.field(m.coordinator_epoch);
        codec.field(m.current_txn_start_offset);
      }
    };

    int32_t partition_index = 0;
    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> error_message;
    std::vector<Producer> active_producers;

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.error_code);
      codec.field(m.error_message);
      codec.field(m.active_producers);
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
