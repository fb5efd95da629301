#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// DescribeQuorum (key 55): who leads and follows the metadata log (KIP-595).
inline constexpr ApiSpec describe_quorum_api{.key = ApiKey::describe_quorum,
                                             .name = "DescribeQuorum",
                                             .versions = {0, 2},
                                             .flexible_from = 0};

struct DescribeQuorumRequest {
  static constexpr const ApiSpec& api = describe_quorum_api;

  struct Topic {
    struct Partition {
      int32_t partition_index = 0;

      static void describe(auto& codec, auto& m) { codec.field(m.partition_index); }
    };

    std::string_view topic_name;
    std::vector<Partition> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic_name);
      codec.field(m.partitions);
    }
  };

  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) { codec.field(m.topics); }
};

struct DescribeQuorumResponse {
  static constexpr const ApiSpec& api = describe_quorum_api;

  struct Topic {
    struct Partition {
      struct Replica {
        int32_t replica_id = 0;
        Uuid replica_directory_id;
        int64_t log_end_offset = 0;
        int64_t last_fetch_timestamp = -1;
        int64_t last_caught_up_timestamp = -1;

        static void describe(auto& codec, auto& m) {
          codec.field(m.replica_id);
          codec.field(m.replica_directory_id, since(2));
          codec.field(m.log_end_offset);
          codec.field(m.last_fetch_timestamp, since(1));
          codec.field(m.last_caught_up_timestamp, since(1));
        }
      };

      int32_t partition_index = 0;
      ErrorCode error_code = ErrorCode::none;
      std::optional<std::string> error_message = "";
      int32_t leader_id = 0;
      int32_t leader_epoch = 0;
      int64_t high_watermark = 0;
      std::vector<Replica> current_voters;
      std::vector<Replica> observers;

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition_index);
        codec.field(m.error_code);
        codec.field(m.error_message, since(2));
        codec.field(m.leader_id);
        codec.field(m.leader_epoch);
        codec.field(m.high_watermark);
        codec.field(m.current_voters);
        codec.field(m.observers);
      }
    };

    std::string topic_name;
    std::vector<Partition> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic_name);
      codec.field(m.partitions);
    }
  };

  struct Node {
    struct Listener {
      std::string name;
      std::string host;
      uint16_t port = 0;

      static void describe(auto& codec, auto& m) {
        codec.field(m.name);
        codec.field(m.host);
        codec.field(m.port);
      }
    };

    int32_t node_id = 0;
    std::vector<Listener> listeners;

    static void describe(auto& codec, auto& m) {
      codec.field(m.node_id);
      codec.field(m.listeners);
    }
  };

  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message = "";
  std::vector<Topic> topics;
  std::vector<Node> nodes;

  static void describe(auto& codec, auto& m) {
    codec.field(m.error_code);
    codec.field(m.error_message, since(2));
    codec.field(m.topics);
    codec.field(m.nodes, since(2));
  }
};

}  // namespace holdfast::wire
