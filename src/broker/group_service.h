#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "broker/coordinator/groups.h"

namespace holdfast::broker {

class Context;
class Core;

/// Classic groups at work: hands requests and time to the pure state machine, appends what it
/// decides to the log, and sends its answers when they are durable.
///
/// Loop thread only.
class GroupService {
 public:
  explicit GroupService(Core& core);

  void join(const wire::JoinGroupRequest& request, Context& context);
  void sync(const wire::SyncGroupRequest& request, Context& context);
  void leave(const wire::LeaveGroupRequest& request, Context& context);
  wire::ErrorCode heartbeat(const wire::HeartbeatRequest& request, Instant now);

  /// Whether this client may commit offsets for its group now, be it by OffsetCommit or within a
  /// transaction. It counts as a heartbeat of the member. Nothing is changed otherwise: an unknown
  /// group comes to be with its first offset.
  wire::ErrorCode may_commit(const coordinator::Committer& committer, Instant now);

  /// Forgets a group and its offsets, unless it has members.
  wire::ErrorCode remove(std::string_view group, Instant now);
  /// GROUP_ID_NOT_FOUND, or NON_EMPTY_GROUP where members of a kind unknown to us may read
  /// anything.
  wire::ErrorCode may_delete_offsets(std::string_view group, Instant now);

  /// The groups as they are now, without those that have nothing but offsets.
  const coordinator::Groups& groups(Instant now) { return live(now); }
  /// Whether there is such a group, if only by its offsets.
  bool known(std::string_view group, Instant now);

  void tick(Instant now);
  int64_t next_deadline_ms() const;

  /// For transactions to set: whether a group has offsets of a transaction that is still open. Such
  /// a group is not forgotten for being empty. DeleteGroups takes pending offsets along, as Kafka
  /// does.
  std::function<bool(std::string_view group)> has_pending_offsets;

 private:
  coordinator::Groups& live(Instant now);
  void carry_out(coordinator::GroupDecision decision, Instant now);
  void forget_old_offsets(Instant now);

  Core& core_;
  coordinator::Groups groups_;
  bool loaded_ = false;
  int64_t retention_check_ms_ = 0;
};

}  // namespace holdfast::broker
