// JoinGroup: who may come in, and whether that begins a rebalance.
#include "broker/coordinator/groups.h"

namespace holdfast::broker::coordinator {
namespace {

using Code = wire::ErrorCode;
using Request = wire::JoinGroupRequest;

/// From this version on a new member learns its id before it joins (KIP-394): one that is lost on
/// the way back leaves no ghost in the group.
constexpr int16_t kMemberIdFirst = 4;
/// From this version on a static leader that comes back is told that nothing is to be assigned.
constexpr int16_t kSkipAssignment = 9;

std::vector<Protocol> protocols_of(const Request& request) {
  std::vector<Protocol> protocols;
  for (const auto& offered : request.protocols) {
    const bool known = std::any_of(protocols.begin(), protocols.end(),
                                   [&](const Protocol& p) { return p.name == offered.name; });
    if (!known)
      protocols.push_back({std::string(offered.name), std::string(as_text(offered.metadata))});
  }
  return protocols;
}

int32_t rebalance_timeout_ms(const Request& request) {
  return request.rebalance_timeout_ms < 0 ? request.session_timeout_ms
                                          : request.rebalance_timeout_ms;
}

}  // namespace

wire::JoinGroupResponse join_error(Code code, std::string_view member_id) {
  wire::JoinGroupResponse response;
  response.error_code = code;
  response.member_id = member_id;
  return response;
}

/// What a member is told of its generation; the leader also who else is in it.
wire::JoinGroupResponse joined(const Group& group, const Member& member) {
  wire::JoinGroupResponse response;
  response.generation_id = group.generation();
  response.protocol_type = group.protocol_type();
  response.protocol_name = group.protocol();
  response.leader = group.leader();
  response.member_id = member.id;
  if (!group.is_leader(member)) return response;
  for (const auto& [id, each] : group.members()) {
    auto& listed = response.members.emplace_back();
    listed.member_id = id;
    listed.group_instance_id = each.instance_id;
    const Protocol* chosen = each.protocol(group.protocol());
    const ByteView metadata = as_bytes(chosen ? chosen->metadata : std::string_view());
    listed.metadata.assign(metadata.begin(), metadata.end());
  }
  return response;
}

GroupDecision Groups::join(const Request& request, const GroupCaller& caller) {
  GroupDecision decision;
  Group* group = find_mine(request.group_id);
  if (const Code code = refusal(request, group); code != Code::none) {
    const bool full = code == Code::group_max_size_reached;
    if (full && group) {  // it may have been in line
      group->pending.erase(std::string(request.member_id));
      drop_if_unused(*group);
    }
    decision.answers.push_back({caller.ticket, join_error(code, full ? "" : request.member_id)});
    return decision;
  }
  if (!group) group = &create(request.group_id);
  bytes_ -= group->bytes();
  if (request.member_id.empty())
    join_new(*group, request, caller, decision);
  else
    join_again(*group, request, caller, decision);
  bytes_ += group->bytes();
  drop_if_unused(*group);
  return decision;
}

Code Groups::refusal(const Request& request, const Group* group) const {
  if (request.group_id.empty()) return Code::invalid_group_id;
  if (request.session_timeout_ms < settings_.session_timeout_min_ms ||
      request.session_timeout_ms > settings_.session_timeout_max_ms)
    return Code::invalid_session_timeout;
  const bool unknown = request.member_id.empty();
  if (!group) {
    if (!unknown) return Code::unknown_member_id;
    if (groups_.size() >= settings_.groups_max) return Code::group_max_size_reached;
  }
  if (unknown && bytes_ >= settings_.metadata_bytes_max) return Code::group_max_size_reached;
  if (group) {
    const auto known = group->members().find(request.member_id);
    const bool member = known != group->members().end();
    // While all join anew, the first ones to do so stay.
    const bool in =
        group->state() == GroupState::preparing_rebalance
            ? (member && known->second.joining) || group->joining() < settings_.members_max
            : member || group->members().size() < settings_.members_max;
    if (!in || (unknown && group->pending.size() >= settings_.members_max))
      return Code::group_max_size_reached;
  }
  const bool fits = group ? group->supports(request.protocol_type, request.protocols)
                          : !request.protocol_type.empty() && !request.protocols.empty();
  return fits ? Code::none : Code::inconsistent_group_protocol;
}

void Groups::join_new(Group& group, const Request& request, const GroupCaller& caller,
                      GroupDecision& decision) {
  if (request.group_instance_id) {
    if (Member* known = group.static_member(*request.group_instance_id))
      return static_member_returns(group, *known, request, caller, decision);
    return add_member(group, request, caller,
                      std::string(*request.group_instance_id) + "-" + new_id_(), decision);
  }
  std::string id = std::string(caller.client_id) + "-" + new_id_();
  if (caller.ticket.version < kMemberIdFirst)
    return add_member(group, request, caller, std::move(id), decision);
  decision.answers.push_back({caller.ticket, join_error(Code::member_id_required, id)});
  const int64_t deadline = caller.now.steady_ms + request.session_timeout_ms;
  group.pending.emplace(std::move(id), deadline);
  wake_at(group, deadline);
}

void Groups::join_again(Group& group, const Request& request, const GroupCaller& caller,
                        GroupDecision& decision) {
  if (const auto pending = group.pending.find(request.member_id); pending != group.pending.end()) {
    group.pending.erase(pending);
    return add_member(group, request, caller, std::string(request.member_id), decision);
  }
  const Code fault = group.check_member(request.member_id, request.group_instance_id);
  if (fault != Code::none) {
    decision.answers.push_back({caller.ticket, join_error(fault, request.member_id)});
    return;
  }
  Member& member = *group.member(request.member_id);
  // A follower with nothing new, or one that missed our answer, is told of the generation as it is.
  // A stable group's leader that joins again wants a rebalance: it has seen topics change.
  const bool same = member.offers(request.protocols);
  if (same && (group.state() == GroupState::completing_rebalance ||
               (group.state() == GroupState::stable && !group.is_leader(member)))) {
    begin_session(group, member, caller.now);
    decision.answers.push_back({caller.ticket, joined(group, member)});
    return;
  }
  update_member(group, member, request, caller, decision);
  rebalance_or_complete(group, caller.now, decision);
}

void Groups::add_member(Group& group, const Request& request, const GroupCaller& caller,
                        std::string id, GroupDecision& decision) {
  Member member{.id = std::move(id),
                .instance_id = {},
                .client_id = std::string(caller.client_id),
                .client_host = caller.client_host,
                .rebalance_timeout_ms = rebalance_timeout_ms(request),
                .session_timeout_ms = request.session_timeout_ms,
                .protocols = protocols_of(request),
                .assignment = {},
                .is_new = true,
                .deadline_ms = caller.now.steady_ms + settings_.new_member_timeout_ms,
                .joining = caller.ticket,
                .syncing = {}};
  if (request.group_instance_id) member.instance_id = *request.group_instance_id;
  wake_at(group, member.deadline_ms);
  group.member_added = true;
  group.add(std::move(member), request.protocol_type);
  rebalance_or_complete(group, caller.now, decision);
}

void Groups::update_member(Group& group, Member& member, const Request& request,
                           const GroupCaller& caller, GroupDecision& decision) {
  if (const auto before = group.take_joining(member))  // asked again, perhaps over a new connection
    decision.answers.push_back({*before, join_error(Code::rebalance_in_progress, member.id)});
  group.set_protocols(member, protocols_of(request));
  group.set_joining(member, caller.ticket);
  member.rebalance_timeout_ms = rebalance_timeout_ms(request);
  member.session_timeout_ms = request.session_timeout_ms;
}

/// A static member whose process was restarted: it gets a new id, the old one is fenced. While the
/// group is stable and would choose the same protocol there is no rebalance.
void Groups::static_member_returns(Group& group, Member& known, const Request& request,
                                   const GroupCaller& caller, GroupDecision& decision) {
  if (const auto ticket = group.take_joining(known))
    decision.answers.push_back({*ticket, join_error(Code::fenced_instance_id, known.id)});
  if (known.syncing) {
    decision.answers.push_back({*known.syncing, sync_error(Code::fenced_instance_id)});
    known.syncing.reset();
  }
  const std::string leader_before = group.leader();
  Member& member = group.rename(known, std::string(*request.group_instance_id) + "-" + new_id_());
  member.client_id = caller.client_id;
  member.client_host = caller.client_host;
  update_member(group, member, request, caller, decision);
  begin_session(group, member, caller.now);
  if (group.state() != GroupState::stable || group.vote() != group.protocol())
    return rebalance_or_complete(group, caller.now, decision);
  group.take_joining(member);
  wire::JoinGroupResponse response = joined(group, member);
  if (caller.ticket.version >= kSkipAssignment) {
    response.skip_assignment = group.is_leader(member);
  } else {
    // An older client that is told that it leads would assign. It is told of the id it had.
    response.leader = leader_before;
    response.members.clear();
  }
  decision.records.push_back(group.stored(caller.now.wall_ms));
  decision.answers.push_back({caller.ticket, std::move(response)});
}

}  // namespace holdfast::broker::coordinator
