#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// OffsetFetch (key 9): how far a group has read. From 8 on for many groups at once.
inline constexpr ApiSpec offset_fetch_api{
    .key = ApiKey::offset_fetch, .name = "OffsetFetch", .versions = {1, 10}, .flexible_from = 6};

/// `topics` null: all that the group has stored.
struct OffsetFetchRequest {
  static constexpr const ApiSpec& api = offset_fetch_api;

  using Topic = AskedIndexes;

  struct Group {
    struct Topic {
      std::string_view name;
      Uuid topic_id;
      std::vector<int32_t> partition_indexes;

      static void describe(auto& codec, auto& m) {
        codec.field(m.name, until(9));
        codec.field(m.topic_id, since(10));
        codec.field(m.partition_indexes);
      }
    };

    std::string_view group_id;
    std::optional<std::string_view> member_id;
    int32_t member_epoch = -1;
    std::optional<std::vector<Topic>> topics;

    static void describe(auto& codec, auto& m) {
      codec.field(m.group_id);
      codec.field(m.member_id, since(9));
      codec.field(m.member_epoch, since(9));
      codec.field(m.topics);
    }
  };

  std::string_view group_id;
  std::optional<std::vector<Topic>> topics;
  std::vector<Group> groups;
  bool require_stable = false;  // fail while a transaction has pending offsets

  static void describe(auto& codec, auto& m) {
    codec.field(m.group_id, until(7));
    codec.field(m.topics, until(7).nullable_since(2));
    codec.field(m.groups, since(8));
    codec.field(m.require_stable, since(7));
  }
};

struct OffsetFetchResponse {
  static constexpr const ApiSpec& api = offset_fetch_api;

  struct Partition {
    int32_t partition_index = 0;
    int64_t committed_offset = 0;  // -1: none stored
    int32_t committed_leader_epoch = -1;
    std::optional<std::string> metadata;
    ErrorCode error_code = ErrorCode::none;

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.committed_offset);
      codec.field(m.committed_leader_epoch, since(5));
      codec.field(m.metadata);
      codec.field(m.error_code);
    }
  };
  using Topic = ToldTopic<Partition>;

  struct Group {
    struct Topic {
      struct Partition {
        int32_t partition_index = 0;
        int64_t committed_offset = 0;  // -1: none stored
        int32_t committed_leader_epoch = -1;
        std::optional<std::string> metadata;
        ErrorCode error_code = ErrorCode::none;

        static void describe(auto& codec, auto& m) {
          codec.field(m.partition_index);
          codec.field(m.committed_offset);
          codec.field(m.committed_leader_epoch);
          codec.field(m.metadata);
          codec.field(m.error_code);
        }
      };

      std::string name;
      Uuid topic_id;
      std::vector<Partition> partitions;

      static void describe(auto& codec, auto& m) {
        codec.field(m.name, until(9));
        codec.field(m.topic_id, since(10));
        codec.field(m.partitions);
      }
    };

    std::string group_id;
    std::vector<Topic> topics;
    ErrorCode error_code = ErrorCode::none;

    static void describe(auto& codec, auto& m) {
      codec.field(m.group_id);
      codec.field(m.topics);
      codec.field(m.error_code);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;
  ErrorCode error_code = ErrorCode::none;
  std::vector<Group> groups;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(3));
    codec.field(m.topics, until(7));
    codec.field(m.error_code, since(2).until(7));
    codec.field(m.groups, since(8));
  }
};

}  // namespace holdfast::wire
