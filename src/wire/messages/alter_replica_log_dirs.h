#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// AlterReplicaLogDirs (key 34): move replicas to other folders of their broker.
inline constexpr ApiSpec alter_replica_log_dirs_api{.key = ApiKey::alter_replica_log_dirs,
                                                    .name = "AlterReplicaLogDirs",
                                                    .versions = {1, 2},
                                                    .flexible_from = 2};

struct AlterReplicaLogDirsRequest {
  static constexpr const ApiSpec& api = alter_replica_log_dirs_api;

  struct Dir {
    struct Topic {
      std::string_view name;
      std::vector<int32_t> partitions;

      static void describe(auto& codec, auto& m) {
        codec.field(m.name);
        codec.field(m.partitions);
      }
    };

    std::string_view path;
    std::vector<Topic> topics;

    static void describe(auto& codec, auto& m) {
      codec.field(m.path);
      codec.field(m.topics);
    }
  };

  std::vector<Dir> dirs;

  static void describe(auto& codec, auto& m) { codec.field(m.dirs); }
};

struct AlterReplicaLogDirsResponse {
  static constexpr const ApiSpec& api = alter_replica_log_dirs_api;

  struct Topic {
    struct Partition {
      int32_t partition_index = 0;
      ErrorCode error_code = ErrorCode::none;

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition_index);
        codec.field(m.error_code);
      }
    };

    std::string topic_name;
    std::vector<Partition> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic_name);
      codec.field(m.partitions);
    }
  };

  int32_t throttle_time_ms = 0;
  std::vector<Topic> results;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.results);
  }
};

}  // namespace holdfast::wire
