#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// Fetch (key 1): read record batches, waiting up to `max_wait_ms` for `min_bytes` of them.
/// Incremental sessions from 7 on (KIP-227), topic ids from 13 on (KIP-516).
inline constexpr ApiSpec fetch_api{
    .key = ApiKey::fetch, .name = "Fetch", .versions = {4, 18}, .flexible_from = 12};

/// What a consumer asks for. Fields that only replicas set are decoded, too, and are to be ignored.
struct FetchRequest {
  static constexpr const ApiSpec& api = fetch_api;

  struct ReplicaState {
    int32_t replica_id = -1;
    int64_t replica_epoch = -1;

    bool operator==(const ReplicaState&) const = default;

    static void describe(auto& codec, auto& m) {
      codec.field(m.replica_id);
      codec.field(m.replica_epoch);
    }
  };

  struct Topic {
    struct Partition {
      int32_t partition = 0;
      int32_t current_leader_epoch = -1;
      int64_t fetch_offset = 0;
      int32_t last_fetched_epoch = -1;
      int64_t log_start_offset = -1;
      int32_t partition_max_bytes = 0;
      Uuid replica_directory_id;
      int64_t high_watermark = INT64_MAX;

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition);
        codec.field(m.current_leader_epoch, since(9));
        codec.field(m.fetch_offset);
        codec.field(m.last_fetched_epoch, since(12));
        codec.field(m.log_start_offset, since(5));
        codec.field(m.partition_max_bytes);
        codec.tagged(0, m.replica_directory_id, since(17));
        codec.tagged(1, m.high_watermark, since(18), int64_t{INT64_MAX});
      }
    };

    std::string_view topic;
    Uuid topic_id;
    std::vector<Partition> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic, until(12));
      codec.field(m.topic_id, since(13));
      codec.field(m.partitions);
    }
  };

  struct ForgottenTopic {
    std::string_view topic;
    Uuid topic_id;
    std::vector<int32_t> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic, until(12));
      codec.field(m.topic_id, since(13));
      codec.field(m.partitions);
    }
  };

  std::optional<std::string_view> cluster_id;
  int32_t replica_id = -1;
  ReplicaState replica_state;
  int32_t max_wait_ms = 0;
  int32_t min_bytes = 0;
  int32_t max_bytes = INT32_MAX;
  int8_t isolation_level = 0;  // 0 read uncommitted, 1 read committed
  int32_t session_id = 0;      // 0: no session
  int32_t session_epoch = -1;
  std::vector<Topic> topics;
  std::vector<ForgottenTopic> forgotten_topics_data;  // to be dropped from the session
  std::string_view rack_id;

  static void describe(auto& codec, auto& m) {
    codec.field(m.replica_id, until(14));
    codec.field(m.max_wait_ms);
    codec.field(m.min_bytes);
    codec.field(m.max_bytes);
    codec.field(m.isolation_level);
    codec.field(m.session_id, since(7));
    codec.field(m.session_epoch, since(7));
    codec.field(m.topics);
    codec.field(m.forgotten_topics_data, since(7));
    codec.field(m.rack_id, since(11));
    codec.tagged(0, m.cluster_id, since(12));
    codec.tagged(1, m.replica_state, since(15));
  }
};

/// `records` refers to bytes that stay where they are; encode() yields pieces for writev.
struct FetchResponse {
  static constexpr const ApiSpec& api = fetch_api;

  struct Topic {
    struct Partition {
      struct EpochEndOffset {
        int32_t epoch = -1;
        int64_t end_offset = -1;

        bool operator==(const EpochEndOffset&) const = default;

        static void describe(auto& codec, auto& m) {
          codec.field(m.epoch);
          codec.field(m.end_offset);
        }
      };

      struct SnapshotId {
        int64_t end_offset = -1;
        int32_t epoch = -1;

        bool operator==(const SnapshotId&) const = default;

        static void describe(auto& codec, auto& m) {
          codec.field(m.end_offset);
          codec.field(m.epoch);
        }
      };

      struct AbortedTransaction {
        int64_t producer_id = 0;
        int64_t first_offset = 0;

        static void describe(auto& codec, auto& m) {
          codec.field(m.producer_id);
          codec.field(m.first_offset);
        }
      };

      int32_t partition_index = 0;
      ErrorCode error_code = ErrorCode::none;
      int64_t high_watermark = 0;
      int64_t last_stable_offset = -1;  // end of what a read-committed consumer may see
      int64_t log_start_offset = -1;
      EpochEndOffset diverging_epoch;
      CurrentLeader current_leader;
      SnapshotId snapshot_id;
      std::optional<std::vector<AbortedTransaction>> aborted_transactions;
      int32_t preferred_read_replica = -1;  // -1: this one
      RecordParts records;

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition_index);
        codec.field(m.error_code);
        codec.field(m.high_watermark);
        codec.field(m.last_stable_offset);
        codec.field(m.log_start_offset, since(5));
        codec.field(m.aborted_transactions);
        codec.field(m.preferred_read_replica, since(11));
        codec.field(m.records);
        codec.tagged(0, m.diverging_epoch, since(12));
        codec.tagged(1, m.current_leader, since(12));
        codec.tagged(2, m.snapshot_id, since(12));
      }
    };

    std::string topic;
    Uuid topic_id;
    std::vector<Partition> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic, until(12));
      codec.field(m.topic_id, since(13));
      codec.field(m.partitions);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  int32_t session_id = 0;  // 0: no session
  std::vector<Topic> responses;
  std::vector<NodeEndpoint> node_endpoints;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code, since(7));
    codec.field(m.session_id, since(7));
    codec.field(m.responses);
    codec.tagged(0, m.node_endpoints, since(16));
  }
};

}  // namespace holdfast::wire
