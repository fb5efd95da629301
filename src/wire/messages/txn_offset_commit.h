#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "wire/messages/frames.h"

namespace holdfast::wire {

/// TxnOffsetCommit (key 28): offsets that count once their transaction has committed. Fenced by
/// member and generation from 3 on (KIP-447).
inline constexpr ApiSpec txn_offset_commit_api{.key = ApiKey::txn_offset_commit,
                                               .name = "TxnOffsetCommit",
                                               .versions = {0, 5},
                                               .flexible_from = 3};

struct TxnOffsetCommitRequest {
  static constexpr const ApiSpec& api = txn_offset_commit_api;

  struct Partition {
    int32_t partition_index = 0;
    int64_t committed_offset = 0;
    int32_t committed_leader_epoch = -1;
    std::optional<std::string_view> committed_metadata;

    static void describe(auto& codec, auto& m) {
      codec.field(m.partition_index);
      codec.field(m.committed_offset);
      codec.field(m.committed_leader_epoch, since(2));
      codec.field(m.committed_metadata);
    }
  };
  using Topic = AskedTopic<Partition>;

  std::string_view transactional_id;
  std::string_view group_id;
  int64_t producer_id = 0;
  int16_t producer_epoch = 0;
  int32_t generation_id = -1;
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.transactional_id);
    codec.field(m.group_id);
    codec.field(m.producer_id);
    codec.field(m.producer_epoch);
    codec.field(m.generation_id, since(3));
    codec.field(m.member_id, since(3));
    codec.field(m.group_instance_id, since(3));
    codec.field(m.topics);
  }
};

struct TxnOffsetCommitResponse {
  static constexpr const ApiSpec& api = txn_offset_commit_api;

  using Topic = ToldTopic<PartitionCode>;

  int32_t throttle_time_ms = 0;
  std::vector<Topic> topics;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms);
    codec.field(m.topics);
  }
};

}  // namespace holdfast::wire
