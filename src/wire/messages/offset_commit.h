#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// OffsetCommit (key 8): a group stores how far it has read.
inline constexpr ApiSpec offset_commit_api{
    .key = ApiKey::offset_commit, .name = "OffsetCommit", .versions = {2, 10}, .flexible_from = 8};

struct OffsetCommitRequest {
  static constexpr const ApiSpec& api = offset_commit_api;

  struct Topic {
    struct Partition {
      int32_t partition_index = 0;
      int64_t committed_offset = 0;
      int32_t committed_leader_epoch = -1;
      std::optional<std::string_view> committed_metadata;

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition_index);
        codec.field(m.committed_offset);
        codec.field(m.committed_leader_epoch, since(6));
        codec.field(m.committed_metadata);
      }
    };

    std::string_view name;
    Uuid topic_id;
    std::vector<Partition> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name, until(9));
      codec.field(m.topic_id, since(10));
      codec.field(m.partitions);
    }
  };

  std::string_view group_id;
  int32_t generation_id_or_member_epoch = -1;  // -1: a client that is in no group
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;
  int64_t retention_time_ms = -1;  // -1: as the broker is set
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.group_id);
    codec.field(m.generation_id_or_member_epoch);
    codec.field(m.member_id);
    codec.field(m.group_instance_id, since(7));
    codec.field(m.retention_time_ms, until(4));
    codec.field(m.topics);
  }
};

struct OffsetCommitResponse {
  static constexpr const ApiSpec& api = offset_commit_api;

  struct Topic {
    using Partition = PartitionCode;

    std::string name;
    Uuid topic_id;
    std::vector<Partition> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.name, until(9));
      codec.field(m.topic_id, since(10));
      codec.field(m.partitions);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(3));
    codec.field(m.topics);
  }
};

}  // namespace holdfast::wire
