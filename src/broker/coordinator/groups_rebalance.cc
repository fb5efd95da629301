// How a rebalance begins and ends, and what deadlines do.
#include <algorithm>
#include <utility>

#include "broker/coordinator/groups.h"

namespace holdfast::broker::coordinator {

using Code = wire::ErrorCode;

void Groups::rebalance_or_complete(Group& group, Instant now, GroupDecision& decision) {
  if (group.state() == GroupState::preparing_rebalance)
    complete_if_all_joined(group, now, decision);
  else
    prepare_rebalance(group, now, decision);
}

/// From now on every member is to join anew; they hear of it by their heartbeats.
void Groups::prepare_rebalance(Group& group, Instant now, GroupDecision& decision) {
  for (auto& [id, member] : group.members()) {
    if (!member.syncing) continue;
    decision.answers.push_back(
        {*std::exchange(member.syncing, std::nullopt), sync_error(Code::rebalance_in_progress)});
    begin_session(group, member, now);
  }
  group.sync_deadline_ms = INT64_MAX;
  const bool first = group.state() == GroupState::empty;
  group.move_to(GroupState::preparing_rebalance);
  const int32_t patience_ms = group.rebalance_timeout_ms();
  if (first && settings_.initial_rebalance_delay_ms > 0) {
    const int64_t delay_ms = settings_.initial_rebalance_delay_ms;
    group.first_rebalance = true;
    group.member_added = false;
    group.wait_left_ms = std::max<int64_t>(patience_ms - delay_ms, 0);
    group.join_deadline_ms = now.steady_ms + delay_ms;
    return wake_at(group, group.join_deadline_ms);
  }
  if (group.all_joined() || first) return complete_join(group, now, decision);
  group.join_deadline_ms = now.steady_ms + patience_ms;
  wake_at(group, group.join_deadline_ms);
}

/// A group that was empty waits a little longer for each member that has come meanwhile.
void Groups::join_deadline_passed(Group& group, Instant now, GroupDecision& decision) {
  if (group.first_rebalance && std::exchange(group.member_added, false) && group.wait_left_ms > 0) {
    const int64_t delay_ms =
        std::min<int64_t>(settings_.initial_rebalance_delay_ms, group.wait_left_ms);
    group.wait_left_ms -= delay_ms;
    group.join_deadline_ms = now.steady_ms + delay_ms;
    return;
  }
  complete_join(group, now, decision);
}

void Groups::complete_if_all_joined(Group& group, Instant now, GroupDecision& decision) {
  if (group.state() == GroupState::preparing_rebalance && !group.first_rebalance &&
      group.all_joined())
    complete_join(group, now, decision);
}

/// Goes on with those who have joined: everybody gets the answer to their JoinGroup.
void Groups::complete_join(Group& group, Instant now, GroupDecision& decision) {
  std::vector<std::string> absent;
  for (const auto& [id, member] : group.members()) {
    if (!member.joining && !member.instance_id) absent.push_back(id);
  }
  for (const std::string& id : absent) group.remove(id);
  if (!group.elect_joined_leader() && !group.members().empty()) {
    // Only static members are left, and none has come: their sessions decide.
    group.first_rebalance = false;
    group.join_deadline_ms = now.steady_ms + std::max(group.rebalance_timeout_ms(), 1);
    return wake_at(group, group.join_deadline_ms);
  }
  group.begin_generation();
  if (group.members().empty()) {
    group.in_log = true;
    decision.records.push_back(group.stored(now.wall_ms));
    return;
  }
  for (auto& [id, member] : group.members()) {
    member.is_new = false;
    member.owes_sync = true;
    begin_session(group, member, now);
    if (const auto ticket = group.take_joining(member))
      decision.answers.push_back({*ticket, joined(group, member)});
  }
  group.sync_deadline_ms = now.steady_ms + group.rebalance_timeout_ms();
  wake_at(group, group.sync_deadline_ms);
}

/// Some have gone: the others share their work.
void Groups::members_left(Group& group, Instant now, GroupDecision& decision) {
  switch (group.state()) {
    case GroupState::stable:
    case GroupState::completing_rebalance:
      return prepare_rebalance(group, now, decision);
    case GroupState::preparing_rebalance:
      return complete_if_all_joined(group, now, decision);
    case GroupState::empty:
      return;
  }
}

std::optional<GroupDecision> Groups::tick(Instant now) {
  if (due_.empty() || due_.begin()->first > now.steady_ms) return std::nullopt;
  Group& group = *due_.begin()->second;
  due_.erase(due_.begin());
  group.wake_ms = INT64_MAX;
  GroupDecision decision;
  bytes_ -= group.bytes();
  expire(group, now, decision);
  bytes_ += group.bytes();
  wake_when_due(group);
  drop_if_unused(group);
  return decision;
}

void Groups::expire(Group& group, Instant now, GroupDecision& decision) {
  expire_members(group, now, decision);
  if (group.join_deadline_ms <= now.steady_ms) join_deadline_passed(group, now, decision);
  if (group.sync_deadline_ms <= now.steady_ms) expire_sync(group, now, decision);
}

void Groups::expire_members(Group& group, Instant now, GroupDecision& decision) {
  const size_t dropped = std::erase_if(
      group.pending, [&](const auto& entry) { return entry.second <= now.steady_ms; });
  std::vector<std::string> gone;
  for (auto& [id, member] : group.members()) {
    if (member.deadline_ms <= now.steady_ms && member.can_expire()) gone.push_back(id);
  }
  for (const std::string& id : gone) {
    // A new member that waits is told, so that it joins again if it is still there.
    if (const auto ticket = group.take_joining(*group.member(id)))
      decision.answers.push_back({*ticket, join_error(Code::unknown_member_id, id)});
    group.remove(id);
  }
  if (!gone.empty())
    members_left(group, now, decision);
  else if (dropped > 0)
    complete_if_all_joined(group, now, decision);
}

/// Who has joined but not asked for its part in time is taken for dead.
void Groups::expire_sync(Group& group, Instant now, GroupDecision& decision) {
  group.sync_deadline_ms = INT64_MAX;
  std::vector<std::string> silent;
  for (const auto& [id, member] : group.members()) {
    if (member.owes_sync) silent.push_back(id);
  }
  for (const std::string& id : silent) group.remove(id);
  if (!silent.empty()) members_left(group, now, decision);
}

void Groups::begin_session(Group& group, Member& member, Instant now) {
  member.deadline_ms = now.steady_ms + member.session_timeout_ms;
  wake_at(group, member.deadline_ms);
}

/// Heartbeats only move deadlines back, so they cost no more than a look here.
void Groups::wake_at(Group& group, int64_t at_ms) {
  if (at_ms >= group.wake_ms) return;
  due_.erase({group.wake_ms, &group});
  group.wake_ms = at_ms;
  due_.emplace(at_ms, &group);
}

void Groups::wake_when_due(Group& group) {
  int64_t at_ms = std::min(group.join_deadline_ms, group.sync_deadline_ms);
  for (const auto& [id, deadline] : group.pending) at_ms = std::min(at_ms, deadline);
  for (const auto& [id, member] : group.members()) {
    if (member.can_expire()) at_ms = std::min(at_ms, member.deadline_ms);
  }
  if (at_ms != INT64_MAX) wake_at(group, at_ms);
}

}  // namespace holdfast::broker::coordinator
