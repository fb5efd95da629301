#pragma once

#include <functional>
#include <string_view>

#include "broker/coordinator/committer.h"
#include "broker/coordinator/ticket.h"
#include "wire/error_code.h"

namespace holdfast::broker {

class Core;

/// Classic groups at work: hands requests and time to the pure state machine, appends what it
/// decides to the log, and sends its answers when they are durable.
///
/// Loop thread only.
class GroupService {
 public:
  explicit GroupService(Core& core) : core_(core) {}

  /// Whether this client may commit offsets for its group now, be it by OffsetCommit or within a
  /// transaction. It counts as a heartbeat of the member. Nothing is changed otherwise: an unknown
  /// group comes to be with its first offset.
  wire::ErrorCode may_commit(const coordinator::Committer& committer, Instant now);

  /// For transactions to set: whether a group has offsets of a transaction that is still open. Such
  /// a group is not forgotten for being empty. DeleteGroups takes pending offsets along, as Kafka
  /// does.
  std::function<bool(std::string_view group)> has_pending_offsets;

 private:
  [[maybe_unused]] Core& core_;
};

}  // namespace holdfast::broker
