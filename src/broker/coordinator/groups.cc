#include "broker/coordinator/groups.h"

#include <algorithm>

#include "base/check.h"
#include "base/planted_bug.h"

namespace holdfast::broker::coordinator {

using Code = wire::ErrorCode;

/// From this version of SyncGroup on a member must say which protocol it means.
static constexpr int16_t kSyncSaysProtocol = 5;

void Groups::load(const StoredGroups& stored, Instant now) {
  HOLDFAST_CHECK(groups_.empty());
  for (const auto& [name, kept] : stored.all()) {
    auto& group = *(groups_[name] = std::make_unique<Group>(kept, now.steady_ms));
    bytes_ += group.bytes();
    wake_when_due(group);
  }
}

const Group* Groups::find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second.get();
}

Group* Groups::find_mine(std::string_view group) {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second.get();
}

Group& Groups::create(std::string_view group) {
  std::string name(group);
  auto& created = groups_[name];
  HOLDFAST_CHECK(!created);
  created = std::make_unique<Group>(std::move(name));
  return *created;
}

/// A group that nobody joined after all leaves no trace.
void Groups::drop_if_unused(Group& group) {
  if (!group.in_log && group.state() == GroupState::empty && group.pending.empty())
    forget(group.name());
}

bool Groups::may_forget(std::string_view name) const {
  const Group* group = find(name);
  return !group || (group->state() == GroupState::empty && group->pending.empty());
}

void Groups::forget(std::string_view name) {
  const auto found = groups_.find(name);
  if (found == groups_.end()) return;
  due_.erase({found->second->wake_ms, found->second.get()});
  bytes_ -= found->second->bytes();
  groups_.erase(found);
}

Code Groups::heartbeat(const wire::HeartbeatRequest& request, Instant now) {
  if (request.group_id.empty()) return Code::invalid_group_id;
  Group* group = find_mine(request.group_id);
  if (!group) return Code::unknown_member_id;
  const Code fault = group->check_member(request.member_id, request.group_instance_id);
  if (fault != Code::none) return fault;
  if (request.generation_id != group->generation()) return Code::illegal_generation;
  begin_session(*group, *group->member(request.member_id), now);
  return group->state() == GroupState::preparing_rebalance ? Code::rebalance_in_progress
                                                           : Code::none;
}

Code Groups::may_commit(const Committer& committer, bool has_offsets, Instant now) {
  Group* group = find_mine(committer.group);
  const bool nobody =
      committer.generation < 0 && committer.member_id.empty() && !committer.instance_id;
  if (!group && !has_offsets) {
    if (committer.generation < 0) return Code::none;
    return !committer.transactional && committer.version >= 9 ? Code::group_id_not_found
                                                              : Code::illegal_generation;
  }
  if constexpr (planted_bug == PlantedBug::skip_member_check) return Code::none;
  const bool empty = !group || group->state() == GroupState::empty;
  if (committer.generation < 0 && empty) return Code::none;
  if (nobody) return committer.transactional ? Code::none : Code::unknown_member_id;
  if (!group) return Code::unknown_member_id;
  const Code fault = group->check_member(committer.member_id, committer.instance_id);
  if (fault != Code::none) return fault;
  if (committer.generation != group->generation()) return Code::illegal_generation;
  if (committer.transactional) return Code::none;
  // It has its generation from our answer, but not yet its part of the assignment.
  if (group->state() == GroupState::completing_rebalance) return Code::rebalance_in_progress;
  begin_session(*group, *group->member(committer.member_id), now);
  return Code::none;
}

GroupDecision Groups::sync(const wire::SyncGroupRequest& request, const GroupCaller& caller) {
  GroupDecision decision;
  const auto answer = [&](wire::SyncGroupResponse response) {
    decision.answers.push_back({caller.ticket, std::move(response)});
    return std::move(decision);
  };
  const bool says_protocol = request.protocol_type && request.protocol_name;
  if (caller.ticket.version >= kSyncSaysProtocol && !says_protocol)
    return answer(sync_error(Code::inconsistent_group_protocol));
  if (request.group_id.empty()) return answer(sync_error(Code::invalid_group_id));
  Group* group = find_mine(request.group_id);
  if (!group) return answer(sync_error(Code::unknown_member_id));
  const Code fault = group->check_member(request.member_id, request.group_instance_id);
  if (fault != Code::none) return answer(sync_error(fault));
  if (request.generation_id != group->generation())
    return answer(sync_error(Code::illegal_generation));
  if (request.protocol_type.value_or(group->protocol_type()) != group->protocol_type() ||
      request.protocol_name.value_or(group->protocol()) != group->protocol())
    return answer(sync_error(Code::inconsistent_group_protocol));
  if (group->state() == GroupState::preparing_rebalance)
    return answer(sync_error(Code::rebalance_in_progress));
  Member& member = *group->member(request.member_id);
  member.owes_sync = false;
  if (group->state() == GroupState::stable) return answer(synced(*group, member));

  if (member.syncing)  // asked again, perhaps over a new connection
    decision.answers.push_back({*member.syncing, sync_error(Code::rebalance_in_progress)});
  member.syncing = caller.ticket;
  if (!group->is_leader(member)) return decision;
  bytes_ -= group->bytes();
  std::map<std::string_view, ByteView> parts;
  for (const auto& part : request.assignments) parts[part.member_id] = part.assignment;
  for (auto& [id, each] : group->members())
    group->set_assignment(each, std::string(as_text(parts[id])));
  bytes_ += group->bytes();
  group->move_to(GroupState::stable);
  group->in_log = true;
  decision.records.push_back(group->stored(caller.now.wall_ms));
  for (auto& [id, each] : group->members()) {
    if (!each.syncing) continue;
    decision.answers.push_back({*std::exchange(each.syncing, std::nullopt), synced(*group, each)});
    begin_session(*group, each, caller.now);
  }
  return decision;
}

GroupDecision Groups::leave(const wire::LeaveGroupRequest& request, int16_t version,
                            wire::LeaveGroupResponse& response, Instant now) {
  GroupDecision decision;
  if (request.group_id.empty()) {
    response.error_code = Code::invalid_group_id;
    return decision;
  }
  Group* group = find_mine(request.group_id);
  std::vector<wire::LeaveGroupRequest::Member> leaving = request.members;
  if (version < 3) leaving = {{request.member_id, {}, {}}};
  if (group) bytes_ -= group->bytes();
  bool gone = false;
  for (const auto& who : leaving) {
    auto& answer = response.members.emplace_back();
    answer.member_id = who.member_id;
    if (who.group_instance_id) answer.group_instance_id = *who.group_instance_id;
    if (!group) {
      answer.error_code = Code::unknown_member_id;
      continue;
    }
    const auto pending = group->pending.find(who.member_id);
    if (pending != group->pending.end()) {
      group->pending.erase(pending);
      gone = true;
      continue;
    }
    Member* member = nullptr;
    if (who.member_id.empty()) {  // an operator removes a static member, whose id nobody knows
      member = who.group_instance_id ? group->static_member(*who.group_instance_id) : nullptr;
      if (!member) answer.error_code = Code::unknown_member_id;
    } else {
      answer.error_code = group->check_member(who.member_id, who.group_instance_id);
      if (answer.error_code == Code::none) member = group->member(who.member_id);
    }
    if (!member) continue;
    if (const auto ticket = group->take_joining(*member))
      decision.answers.push_back({*ticket, join_error(Code::unknown_member_id, member->id)});
    if (member->syncing)
      decision.answers.push_back({*member->syncing, sync_error(Code::unknown_member_id)});
    group->remove(std::string(member->id));
    gone = true;
  }
  if (version < 3) response.error_code = response.members.at(0).error_code;
  if (!group) return decision;
  if (gone) members_left(*group, now, decision);
  bytes_ += group->bytes();
  drop_if_unused(*group);
  return decision;
}

GroupDecision Groups::not_stored(GroupDecision decision, Instant now) {
  for (auto& answer : decision.answers) {
    if (auto* join = std::get_if<wire::JoinGroupResponse>(&answer.response)) {
      if (join->error_code == Code::none)
        *join = join_error(Code::coordinator_not_available, join->member_id);
    } else if (auto& sync = std::get<wire::SyncGroupResponse>(answer.response);
               sync.error_code == Code::none) {
      sync = sync_error(Code::coordinator_not_available);
    }
  }
  GroupDecision after{{}, std::move(decision.answers)};
  for (const GroupStored& record : decision.records) {
    Group* group = find_mine(record.group);
    if (group && group->state() == GroupState::stable) prepare_rebalance(*group, now, after);
  }
  return after;
}

wire::SyncGroupResponse synced(const Group& group, const Member& member) {
  const ByteView part = as_bytes(member.assignment);
  return {.protocol_type = group.protocol_type(),
          .protocol_name = group.protocol(),
          .assignment = {part.begin(), part.end()}};
}

wire::SyncGroupResponse sync_error(Code code) {
  return {.error_code = code, .protocol_type = {}, .protocol_name = {}, .assignment = {}};
}

}  // namespace holdfast::broker::coordinator
