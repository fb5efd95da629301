#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/message.h"

namespace holdfast::wire {

/// JoinGroup (key 11): a member enters its group. From 4 on the first answer is MEMBER_ID_REQUIRED
/// (KIP-394), from 5 on there are static members (KIP-345).
inline constexpr ApiSpec join_group_api{
    .key = ApiKey::join_group, .name = "JoinGroup", .versions = {0, 9}, .flexible_from = 6};

struct JoinGroupRequest {
  static constexpr const ApiSpec& api = join_group_api;

  struct Protocol {
    std::string_view name;
    ByteView metadata;  // opaque to the broker

    static void describe(auto& codec, auto& m) {
      codec.field(m.name);
      codec.field(m.metadata);
    }
  };

  std::string_view group_id;
  int32_t session_timeout_ms = 0;
  int32_t rebalance_timeout_ms = -1;  // before version 1: the session timeout
  std::string_view member_id;
  std::optional<std::string_view> group_instance_id;
  std::string_view protocol_type;
  std::vector<Protocol> protocols;
  std::optional<std::string_view> reason;

  static void describe(auto& codec, auto& m) {
    codec.field(m.group_id);
    codec.field(m.session_timeout_ms);
    codec.field(m.rebalance_timeout_ms, since(1));
    codec.field(m.member_id);
    codec.field(m.group_instance_id, since(5));
    codec.field(m.protocol_type);
    codec.field(m.protocols);
    codec.field(m.reason, since(8));
  }
};

/// `members` is filled for the leader only.
struct JoinGroupResponse {
  static constexpr const ApiSpec& api = join_group_api;

  struct Member {
    std::string member_id;
    std::optional<std::string> group_instance_id;
    ByteBuffer metadata;

    static void describe(auto& codec, auto& m) {
      codec.field(m.member_id);
      codec.field(m.group_instance_id, since(5));
      codec.field(m.metadata);
    }
  };

  int32_t throttle_time_ms = 0;
  ErrorCode error_code = ErrorCode::none;
  int32_t generation_id = -1;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  std::string leader;
  bool skip_assignment = false;
  std::string member_id;
  std::vector<Member> members;

  static void describe(auto& codec, auto& m) {
    codec.field(m.throttle_time_ms, since(2));
    codec.field(m.error_code);
    codec.field(m.generation_id);
    codec.field(m.protocol_type, since(7));
    codec.field(m.protocol_name, nullable_since(7));
    codec.field(m.leader);
    codec.field(m.skip_assignment, since(9));
    codec.field(m.member_id);
    codec.field(m.members);
  }
};

}  // namespace holdfast::wire
