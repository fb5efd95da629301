#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

// Shapes that stand in many messages, each described once. A request has views (`Asked`), an answer
// owns its texts (`Told`).

template <class Name, class Each>
struct NamedTopic {
  using Partition = Each;

  Name name;
  std::vector<Partition> partitions;

  static void describe(auto& codec, auto& m) {
    codec.field(m.name);
    codec.field(m.partitions);
  }
};
template <class Partition>
using AskedTopic = NamedTopic<std::string_view, Partition>;
template <class Partition>
using ToldTopic = NamedTopic<std::string, Partition>;

/// Of a request: a topic, and the numbers of some of its partitions.
struct AskedIndexes {
  std::string_view name;
  std::vector<int32_t> partition_indexes;

  static void describe(auto& codec, auto& m) {
    codec.field(m.name);
    codec.field(m.partition_indexes);
  }
};

/// What became of one partition's part of a request.
struct PartitionCode {
  int32_t partition_index = 0;
  ErrorCode error_code = ErrorCode::none;

  static void describe(auto& codec, auto& m) {
    codec.field(m.partition_index);
    codec.field(m.error_code);
  }
};

/// Of an answer with NOT_LEADER_OR_FOLLOWER or FENCED_LEADER_EPOCH (KIP-951): who leads, ...
struct CurrentLeader {
  int32_t leader_id = -1;
  int32_t leader_epoch = -1;

  bool operator==(const CurrentLeader&) const = default;

  static void describe(auto& codec, auto& m) {
    codec.field(m.leader_id);
    codec.field(m.leader_epoch);
  }
};
/// ... and where he is.
struct NodeEndpoint {
  int32_t node_id = 0;
  std::string host;
  int32_t port = 0;
  std::optional<std::string> rack;

  static void describe(auto& codec, auto& m) {
    codec.field(m.node_id);
    codec.field(m.host);
    codec.field(m.port);
    codec.field(m.rack);
  }
};

/// A resource and the changes to its settings that are asked for.
template <class Each>
struct ResourceChanges {
  using Config = Each;

  int8_t resource_type = 0;  // 2 topic, 4 broker
  std::string_view resource_name;
  std::vector<Config> configs;

  static void describe(auto& codec, auto& m) {
    codec.field(m.resource_type);
    codec.field(m.resource_name);
    codec.field(m.configs);
  }
};
/// What became of them.
struct ResourceChanged {
  ErrorCode error_code = ErrorCode::none;
  std::optional<std::string> error_message;
  int8_t resource_type = 0;  // 2 topic, 4 broker
  std::string resource_name;

  static void describe(auto& codec, auto& m) {
    codec.field(m.error_code);
    codec.field(m.error_message);
    codec.field(m.resource_type);
    codec.field(m.resource_name);
  }
};

/// Which access rules are meant; null and 0 match any.
struct AclFilter {
  int8_t resource_type_filter = 0;
  std::optional<std::string_view> resource_name_filter;
  int8_t pattern_type_filter = 3;
  std::optional<std::string_view> principal_filter;
  std::optional<std::string_view> host_filter;
  int8_t operation = 0;
  int8_t permission_type = 0;

  static void describe(auto& codec, auto& m) {
    codec.field(m.resource_type_filter);
    codec.field(m.resource_name_filter);
    codec.field(m.pattern_type_filter);
    codec.field(m.principal_filter);
    codec.field(m.host_filter);
    codec.field(m.operation);
    codec.field(m.permission_type);
  }
};

}  // namespace holdfast::wire
