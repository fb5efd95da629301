#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// Produce (key 0): append record batches. Versions 0-2 cannot carry batches of today; they are
/// advertised because old librdkafka sends uncompressed data to a broker without version 0
/// (KAFKA-18659), and are to be answered UNSUPPORTED_VERSION. From 13 on topics are named by id
/// (KIP-516).
inline constexpr ApiSpec produce_api{.key = ApiKey::produce,
                                     .name = "Produce",
                                     .versions = {0, 13},
                                     .flexible_from = 9,
                                     .served_from = 3};

/// `records` is a view into the frame: nothing is copied.
struct ProduceRequest {
  static constexpr const ApiSpec& api = produce_api;

  struct Topic {
    struct Partition {
      int32_t index = 0;
      std::optional<ByteView> records;

      static void describe(auto& codec, auto& m) {
        codec.field(m.index);
        codec.field(m.records);
      }
    };

    std::string_view name;
    Uuid topic_id;
    std::vector<Partition> partition_data;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name, until(12));
      codec.field(m.topic_id, since(13));
      codec.field(m.partition_data);
    }
  };

  std::optional<std::string_view> transactional_id;
  int16_t acks = 0;  // 0, 1 or -1 (all)
  int32_t timeout_ms = 0;
  std::vector<Topic> topic_data;

  static void describe(auto& codec, auto& m) {
    codec.field(m.transactional_id, since(3));
    codec.field(m.acks);
    codec.field(m.timeout_ms);
    codec.field(m.topic_data);
  }
};

/// Leave it out altogether when `acks` is 0: the client does not wait for one.
struct ProduceResponse {
  static constexpr const ApiSpec& api = produce_api;

  struct Topic {
    struct Partition {
      struct RecordError {
        int32_t batch_index = 0;
        std::optional<std::string> batch_index_error_message;

        static void describe(auto& codec, auto& m) {
          codec.field(m.batch_index);
          codec.field(m.batch_index_error_message);
        }
      };

      int32_t index = 0;
      ErrorCode error_code = ErrorCode::none;
      int64_t base_offset = 0;          // of the first record
      int64_t log_append_time_ms = -1;  // -1: the topic keeps the time of the client
      int64_t log_start_offset = -1;
      std::vector<RecordError> record_errors;
      std::optional<std::string> error_message;
      CurrentLeader current_leader;  // only with not_leader_or_follower

      static void describe(auto& codec, auto& m) {
        codec.field(m.index);
        codec.field(m.error_code);
        codec.field(m.base_offset);
        codec.field(m.log_append_time_ms, since(2));
        codec.field(m.log_start_offset, since(5));
        codec.field(m.record_errors, since(8));
        codec.field(m.error_message, since(8));
        codec.tagged(0, m.current_leader, since(10));
      }
    };

    std::string name;
    Uuid topic_id;
    std::vector<Partition> partition_responses;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name, until(12));
      codec.field(m.topic_id, since(13));
      codec.field(m.partition_responses);
    }
  };

  std::vector<Topic> responses;
  int32_t throttle_time_ms = 0;
  std::vector<NodeEndpoint> node_endpoints;

  static void describe(auto& codec, auto& m) {
    codec.field(m.responses);
    codec.field(m.throttle_time_ms, since(1));
    codec.tagged(0, m.node_endpoints, since(10));
  }
};

}  // namespace holdfast::wire
