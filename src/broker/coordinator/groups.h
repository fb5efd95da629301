#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/coordinator/committer.h"
#include "broker/coordinator/group.h"
#include "broker/coordinator/group_settings.h"
#include "broker/coordinator/stored_groups.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/join_group.h"
#include "wire/messages/leave_group.h"
#include "wire/messages/sync_group.h"

namespace holdfast::broker::coordinator {

/// What a request or a deadline led to. The answers may leave once the records are durable.
struct GroupDecision {
  struct Answer {
    Ticket ticket;
    std::variant<wire::JoinGroupResponse, wire::SyncGroupResponse> response;
  };
  std::vector<GroupStored> records;
  std::vector<Answer> answers;
};

/// Who asks, and when.
struct GroupCaller {
  Ticket ticket;
  std::string_view client_id;
  std::string client_host;
  Instant now;
};

/// Classic groups: the state machine behind JoinGroup, SyncGroup, Heartbeat and LeaveGroup, with
/// Kafka's rules and error codes. Pure: requests and time go in, decisions come out. A JoinGroup or
/// SyncGroup that has to wait is kept here by its ticket until a later decision answers it.
///
/// A rebalance under way is not durable and is forgotten with the process: its members are then
/// told ILLEGAL_GENERATION or UNKNOWN_MEMBER_ID and join again. A completed one is a record, and
/// members that heartbeat in time after a restart notice nothing.
///
/// It does not see connections end: like Kafka it counts a member as there until its session is
/// over. Offsets are kept elsewhere (`Offsets`); a group that has only those is unknown here.
class Groups {
 public:
  /// `new_id` makes the unique part of member ids.
  Groups(const GroupSettings& settings, std::function<std::string()> new_id)
      : settings_(settings), new_id_(std::move(new_id)) {}

  /// Once, before all else: the groups that were kept. Every session begins anew.
  void load(const StoredGroups& stored, Instant now);

  GroupDecision join(const wire::JoinGroupRequest& request, const GroupCaller& caller);
  GroupDecision sync(const wire::SyncGroupRequest& request, const GroupCaller& caller);
  wire::ErrorCode heartbeat(const wire::HeartbeatRequest& request, Instant now);
  GroupDecision leave(const wire::LeaveGroupRequest& request, int16_t version,
                      wire::LeaveGroupResponse& response, Instant now);
  /// `has_offsets`: the group is known by its offsets, if by nothing else.
  wire::ErrorCode may_commit(const Committer& committer, bool has_offsets, Instant now);
  /// The records of the decision could not be kept: what it answers now.
  GroupDecision not_stored(GroupDecision decision, Instant now);
  /// A group that `may_forget` is gone.
  void forget(std::string_view group);
  /// Whether it has no members, and nobody is about to join.
  bool may_forget(std::string_view group) const;

  /// Does what is due in one group, if there is any such.
  std::optional<GroupDecision> tick(Instant now);
  /// When `tick` may have something to do; INT64_MAX: never.
  int64_t next_deadline_ms() const { return due_.empty() ? INT64_MAX : due_.begin()->first; }

  const Group* find(std::string_view group) const;
  const std::map<std::string, std::unique_ptr<Group>, std::less<>>& all() const { return groups_; }
  uint64_t metadata_bytes() const { return bytes_; }

 private:
  Group* find_mine(std::string_view group);
  Group& create(std::string_view group);
  void drop_if_unused(Group& group);

  // groups_join.cc
  wire::ErrorCode refusal(const wire::JoinGroupRequest& request, const Group* group) const;
  void join_new(Group& group, const wire::JoinGroupRequest& request, const GroupCaller& caller,
                GroupDecision& decision);
  void join_again(Group& group, const wire::JoinGroupRequest& request, const GroupCaller& caller,
                  GroupDecision& decision);
  void add_member(Group& group, const wire::JoinGroupRequest& request, const GroupCaller& caller,
                  std::string id, GroupDecision& decision);
  void update_member(Group& group, Member& member, const wire::JoinGroupRequest& request,
                     const GroupCaller& caller, GroupDecision& decision);
  void static_member_returns(Group& group, Member& member, const wire::JoinGroupRequest& request,
                             const GroupCaller& caller, GroupDecision& decision);

  // groups_rebalance.cc
  void rebalance_or_complete(Group& group, Instant now, GroupDecision& decision);
  void prepare_rebalance(Group& group, Instant now, GroupDecision& decision);
  void join_deadline_passed(Group& group, Instant now, GroupDecision& decision);
  void complete_if_all_joined(Group& group, Instant now, GroupDecision& decision);
  void complete_join(Group& group, Instant now, GroupDecision& decision);
  void members_left(Group& group, Instant now, GroupDecision& decision);
  void expire(Group& group, Instant now, GroupDecision& decision);
  void expire_members(Group& group, Instant now, GroupDecision& decision);
  void expire_sync(Group& group, Instant now, GroupDecision& decision);

  void begin_session(Group& group, Member& member, Instant now);
  void wake_at(Group& group, int64_t at_ms);
  void wake_when_due(Group& group);

  GroupSettings settings_;
  std::function<std::string()> new_id_;
  std::map<std::string, std::unique_ptr<Group>, std::less<>> groups_;
  std::set<std::pair<int64_t, Group*>>
      due_;  // by `wake_ms`; never later than anything in the group
  uint64_t bytes_ = 0;
};

/// The answers that members get.
wire::JoinGroupResponse joined(const Group& group, const Member& member);
wire::JoinGroupResponse join_error(wire::ErrorCode code, std::string_view member_id);
wire::SyncGroupResponse synced(const Group& group, const Member& member);
wire::SyncGroupResponse sync_error(wire::ErrorCode code);

}  // namespace holdfast::broker::coordinator
