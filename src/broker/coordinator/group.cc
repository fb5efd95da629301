#include "broker/coordinator/group.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "broker/coordinator/subscription.h"

namespace holdfast::broker::coordinator {

using Code = wire::ErrorCode;

const char* name(GroupState state) {
  switch (state) {
    case GroupState::empty:
      return "Empty";
    case GroupState::preparing_rebalance:
      return "PreparingRebalance";
    case GroupState::completing_rebalance:
      return "CompletingRebalance";
    case GroupState::stable:
      return "Stable";
  }
  return "?";
}

const Protocol* Member::protocol(std::string_view wanted) const {
  const auto found = std::find_if(protocols.begin(), protocols.end(),
                                  [&](const Protocol& p) { return p.name == wanted; });
  return found == protocols.end() ? nullptr : &*found;
}

bool Member::offers(const std::vector<wire::JoinGroupRequest::Protocol>& wanted) const {
  return std::equal(protocols.begin(), protocols.end(), wanted.begin(), wanted.end(),
                    [](const Protocol& mine, const auto& other) {
                      return mine.name == other.name && mine.metadata == as_text(other.metadata);
                    });
}

Group::Group(const GroupStored& stored, int64_t now_ms)
    : in_log(true),
      name_(stored.group),
      state_(stored.members.empty() ? GroupState::empty : GroupState::stable),
      generation_(stored.generation) {
  for (const StoredMember& kept : stored.members) {
    Member member{.id = kept.id,
                  .instance_id = kept.instance_id,
                  .client_id = kept.client_id,
                  .client_host = kept.client_host,
                  .rebalance_timeout_ms = kept.rebalance_timeout_ms,
                  .session_timeout_ms = kept.session_timeout_ms,
                  .protocols = {{stored.protocol, kept.metadata}},
                  .assignment = kept.assignment,
                  .deadline_ms = now_ms + kept.session_timeout_ms,
                  .joining = {},
                  .syncing = {}};
    add(std::move(member), stored.protocol_type);
  }
  protocol_type_ = stored.protocol_type;
  protocol_ = stored.protocol;
  leader_ = stored.leader;
}

Member* Group::member(std::string_view id) {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

Member* Group::static_member(std::string_view instance_id) {
  const auto found = static_ids_.find(instance_id);
  return found == static_ids_.end() ? nullptr : member(found->second);
}

Code Group::check_member(std::string_view id,
                         const std::optional<std::string_view>& instance_id) const {
  if (!instance_id) return members_.contains(id) ? Code::none : Code::unknown_member_id;
  const auto known = static_ids_.find(*instance_id);
  if (known == static_ids_.end()) return Code::unknown_member_id;
  return known->second == id ? Code::none : Code::fenced_instance_id;
}

int32_t Group::rebalance_timeout_ms() const {
  int32_t longest = 0;
  for (const auto& [id, each] : members_) longest = std::max(longest, each.rebalance_timeout_ms);
  return longest;
}

bool Group::supports(std::string_view type,
                     const std::vector<wire::JoinGroupRequest::Protocol>& offered) const {
  if (members_.empty()) return !type.empty() && !offered.empty();
  if (type != protocol_type_) return false;
  return std::any_of(offered.begin(), offered.end(), [&](const auto& protocol) {
    const auto found = supported_.find(protocol.name);
    return found != supported_.end() && found->second == members_.size();
  });
}

std::string Group::vote() const {
  std::map<std::string_view, size_t> votes;
  for (const auto& [id, each] : members_) {
    for (const Protocol& offered : each.protocols) {
      if (supported_.at(offered.name) != members_.size()) continue;
      ++votes[offered.name];
      break;
    }
  }
  HOLDFAST_CHECK(!votes.empty());
  const auto most = std::max_element(
      votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return std::string(most->first);
}

bool Group::subscribed_to(std::string_view topic) const {
  if (protocol_type_ != consumer_protocol_type || protocol_.empty()) return false;
  return std::any_of(members_.begin(), members_.end(), [&](const auto& entry) {
    const Protocol* chosen = entry.second.protocol(protocol_);
    // One that cannot be read may mean any topic.
    return chosen && subscription_names(chosen->metadata, topic).value_or(true);
  });
}

Member& Group::add(Member member, std::string_view protocol_type) {
  if (members_.empty()) protocol_type_ = protocol_type;
  if (leader_.empty()) leader_ = member.id;
  if (member.instance_id) static_ids_[*member.instance_id] = member.id;
  if (member.joining) ++joining_;
  count_protocols(member, 1);
  bytes_ += member.assignment.size();
  std::string id = member.id;
  const auto [at, added] = members_.emplace(std::move(id), std::move(member));
  HOLDFAST_CHECK(added);
  return at->second;
}

void Group::remove(std::string_view id) {
  const auto found = members_.find(id);
  if (found == members_.end()) return;
  const Member& gone = found->second;
  count_protocols(gone, -1);
  bytes_ -= gone.assignment.size();
  if (gone.joining) --joining_;
  if (gone.instance_id) {
    const auto known = static_ids_.find(*gone.instance_id);
    if (known != static_ids_.end() && known->second == gone.id) static_ids_.erase(known);
  }
  const bool led = is_leader(gone);
  members_.erase(found);
  if (led) leader_ = members_.empty() ? std::string() : members_.begin()->first;
}

Member& Group::rename(Member& member, std::string new_id) {
  const bool leads = is_leader(member);
  auto node = members_.extract(member.id);
  HOLDFAST_CHECK(!node.empty());
  node.key() = new_id;
  node.mapped().id = new_id;
  if (leads) leader_ = new_id;
  static_ids_[*node.mapped().instance_id] = std::move(new_id);
  return members_.insert(std::move(node)).position->second;
}

void Group::set_protocols(Member& member, std::vector<Protocol> protocols) {
  count_protocols(member, -1);
  member.protocols = std::move(protocols);
  count_protocols(member, 1);
}

void Group::set_assignment(Member& member, std::string assignment) {
  bytes_ += assignment.size();
  bytes_ -= member.assignment.size();
  member.assignment = std::move(assignment);
}

void Group::set_joining(Member& member, const Ticket& ticket) {
  if (!member.joining) ++joining_;
  member.joining = ticket;
}

std::optional<Ticket> Group::take_joining(Member& member) {
  if (member.joining) --joining_;
  return std::exchange(member.joining, std::nullopt);
}

bool Group::elect_joined_leader() {
  const Member* leads = member(leader_);
  if (leads && leads->joining) return true;
  const auto joined = std::find_if(members_.begin(), members_.end(),
                                   [](const auto& entry) { return entry.second.joining; });
  if (joined == members_.end()) return false;
  leader_ = joined->first;
  return true;
}

void Group::begin_generation() {
  generation_ = generation_ == INT32_MAX ? 1 : generation_ + 1;
  protocol_ = members_.empty() ? std::string() : vote();
  move_to(members_.empty() ? GroupState::empty : GroupState::completing_rebalance);
}

void Group::move_to(GroupState state) {
  state_ = state;
  if (state != GroupState::preparing_rebalance) {
    join_deadline_ms = INT64_MAX;
    first_rebalance = false;
  }
}

GroupStored Group::stored(int64_t changed_ms) const {
  GroupStored record{.group = name_,
                     .protocol_type = protocol_type_,
                     .generation = generation_,
                     .protocol = protocol_,
                     .leader = leader_,
                     .changed_ms = changed_ms,
                     .members = {}};
  for (const auto& [id, each] : members_) {
    const Protocol* chosen = each.protocol(protocol_);
    record.members.push_back({.id = id,
                              .instance_id = each.instance_id,
                              .client_id = each.client_id,
                              .client_host = each.client_host,
                              .rebalance_timeout_ms = each.rebalance_timeout_ms,
                              .session_timeout_ms = each.session_timeout_ms,
                              .metadata = chosen ? chosen->metadata : std::string(),
                              .assignment = each.assignment});
  }
  return record;
}

void Group::count_protocols(const Member& member, int change) {
  for (const Protocol& offered : member.protocols) {
    if (change > 0) {
      ++supported_[offered.name];
      bytes_ += offered.metadata.size();
    } else {
      bytes_ -= offered.metadata.size();
      const auto found = supported_.find(offered.name);
      if (--found->second == 0) supported_.erase(found);
    }
  }
}

}  // namespace holdfast::broker::coordinator
