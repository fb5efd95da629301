#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::broker::coordinator {

/// Who says that it may commit offsets for a group: the fields of OffsetCommit, and those of
/// TxnOffsetCommit from version 3 on (KIP-447). Views; good as long as the request.
struct Committer {
  std::string_view group;
  int32_t generation = -1;  // -1: a client that is in no group
  std::string_view member_id;
  std::optional<std::string_view> instance_id;
  /// Old transactional producers name neither member nor generation, and are believed.
  bool transactional = false;
  /// Of the request; from OffsetCommit 9 on an unknown group is called GROUP_ID_NOT_FOUND.
  int16_t version = 0;
};

}  // namespace holdfast::broker::coordinator
