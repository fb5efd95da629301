#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// DescribeLogDirs (key 35): how much each partition takes on disk.
inline constexpr ApiSpec describe_log_dirs_api{.key = ApiKey::describe_log_dirs,
                                               .name = "DescribeLogDirs",
                                               .versions = {1, 5},
                                               .flexible_from = 2};

/// `topics` null: all of them.
struct DescribeLogDirsRequest {
  static constexpr const ApiSpec& api = describe_log_dirs_api;

  struct Topic {
    std::string_view topic;
    std::vector<int32_t> partitions;

    static void describe(auto& codec, auto& m) {
      codec.field(m.topic);
      codec.field(m.partitions);
    }
  };

  std::optional<std::vector<Topic>> topics;

  static void describe(auto& codec, auto& m) { codec.field(m.topics); }
};

struct DescribeLogDirsResponse {
  static constexpr const ApiSpec& api = describe_log_dirs_api;

  struct LogDir {
    struct Partition {
      int32_t partition_index = 0;
      int64_t partition_size = 0;
      int64_t offset_lag = 0;
      bool is_future_key = false;

      static void describe(auto& codec, auto& m) {
        codec.field(m.partition_index);
        codec.field(m.partition_size);
        codec.field(m.offset_lag);
        codec.field(m.is_future_key);
      }
    };
    using Topic = ToldTopic<Partition>;

    ErrorCode error_code = ErrorCode::none;
    std::string log_dir;
    std::vector<Topic> topics;
    int64_t total_bytes = -1;   // of the volume; -1: unknown
    int64_t usable_bytes = -1;  // of the volume; -1: unknown
    bool is_cordoned = false;

    static void describe(auto& codec, auto& m) {
      codec.field(m.error_code);
      codec.field(m.log_dir);
      codec.field(m.topics);
      codec.field(m.total_bytes, since(4));
      codec.field(m.usable_bytes, since(4));
      codec.field(m.is_cordoned, since(5));
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  std::vector<LogDir> results;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.error_code, since(3));
    codec.field(m.results);
  }
};

}  // namespace holdfast::wire
