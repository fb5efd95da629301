#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// Metadata (key 3): the brokers, and the partitions of some topics. May create a topic that is
/// asked for.
inline constexpr ApiSpec metadata_api{
    .key = ApiKey::metadata, .name = "Metadata", .versions = {0, 13}, .flexible_from = 9};

/// `topics` null: all of them (in version 0 an empty list says so).
struct MetadataRequest {
  static constexpr const ApiSpec& api = metadata_api;

  struct Topic {
    Uuid topic_id;
    std::optional<std::string_view> name;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic_id, since(10));
      codec.field(m.name, nullable_since(10));
    }
  };

  std::optional<std::vector<Topic>> topics;
  bool allow_auto_topic_creation = true;
  bool include_cluster_authorized_operations = false;
  bool include_topic_authorized_operations = false;

  static void describe(auto& codec, auto& m) {
    codec.field(m.topics, nullable_since(1));
    codec.field(m.allow_auto_topic_creation, since(4));
    codec.field(m.include_cluster_authorized_operations, since(8).until(10));
    codec.field(m.include_topic_authorized_operations, since(8));
  }
};

struct MetadataResponse {
  static constexpr const ApiSpec& api = metadata_api;

  struct Broker {
    int32_t node_id = 0;
    std::string host;
    int32_t port = 0;
    std::optional<std::string> rack;

    static void describe(auto& codec, auto& m) {
      codec.field(m.node_id);
      codec.field(m.host);
      codec.field(m.port);
      codec.field(m.rack, since(1));
    }
  };

  struct Topic {
    struct Partition {
      ErrorCode error_code = ErrorCode::none;
      int32_t partition_index = 0;
      int32_t leader_id = 0;
      int32_t leader_epoch = -1;
      std::vector<int32_t> replica_nodes;
      std::vector<int32_t> isr_nodes;
      std::vector<int32_t> offline_replicas;

      static void describe(auto& codec, auto& m) {
        codec.field(m.error_code);
        codec.field(m.partition_index);
        codec.field(m.leader_id);
        codec.field(m.leader_epoch, since(7));
        codec.field(m.replica_nodes);
        codec.field(m.isr_nodes);
        codec.field(m.offline_replicas, since(5));
      }
    };

    ErrorCode error_code = ErrorCode::none;
    std::optional<std::string> name;
    Uuid topic_id;
    bool is_internal = false;
    std::vector<Partition> partitions;
    int32_t topic_authorized_operations = INT32_MIN;  // INT32_MIN: not asked for

    static void describe(auto& codec, auto& m) {
      codec.field(m.error_code);
      codec.field(m.name, nullable_since(12));
      codec.field(m.topic_id, since(10));
      codec.field(m.is_internal, since(1));
      codec.field(m.partitions);
      codec.field(m.topic_authorized_operations, since(8));
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Broker> brokers;
  std::optional<std::string> cluster_id;
  int32_t controller_id = -1;
  std::vector<Topic> topics;
  int32_t cluster_authorized_operations = INT32_MIN;  // INT32_MIN: not asked for
  ErrorCode error_code = ErrorCode::none;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(3));
    codec.field(m.brokers);
    codec.field(m.cluster_id, since(2));
    codec.field(m.controller_id, since(1));
    codec.field(m.topics);
    codec.field(m.cluster_authorized_operations, since(8).until(10));
    codec.field(m.error_code, since(13));
  }
};

}  // namespace holdfast::wire
