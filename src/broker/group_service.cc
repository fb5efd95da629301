#include "broker/group_service.h"

#include <algorithm>
#include <fmt/core.h>
#include <utility>

#include "base/log_line.h"
#include "broker/context.h"
#include "broker/coordinator/offsets_retention.h"
#include "broker/coordinator/subscription.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;

/// As Kafka's clients are used to see it in member ids.
std::string uuid(const TopicId& id) {
  std::string text;
  for (size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", static_cast<uint8_t>(id.bytes[i]));
  }
  return text;
}

coordinator::GroupCaller caller_of(const Context& context) {
  return {context.ticket, context.client_id, "/" + context.core.host_of(context.ticket.connection),
          context.now};
}

}  // namespace

GroupService::GroupService(Core& core)
    : core_(core), groups_(core.settings().groups, [&core] { return uuid(core.new_id()); }) {}

/// The state has been replayed before the first request and the first tick, but there is no time
/// before them to begin sessions with.
coordinator::Groups& GroupService::live(Instant now) {
  if (!std::exchange(loaded_, true)) groups_.load(core_.state().groups(), now);
  return groups_;
}

void GroupService::join(const wire::JoinGroupRequest& request, Context& context) {
  carry_out(live(context.now).join(request, caller_of(context)), context.now);
}

void GroupService::sync(const wire::SyncGroupRequest& request, Context& context) {
  carry_out(live(context.now).sync(request, caller_of(context)), context.now);
}

void GroupService::leave(const wire::LeaveGroupRequest& request, Context& context) {
  wire::LeaveGroupResponse response;
  carry_out(live(context.now).leave(request, context.version(), response, context.now),
            context.now);
  context.reply(response);
}

Code GroupService::heartbeat(const wire::HeartbeatRequest& request, Instant now) {
  return live(now).heartbeat(request, now);
}

Code GroupService::may_commit(const coordinator::Committer& committer, Instant now) {
  // Old clients that are members of nothing commit for the group without a name.
  if (committer.group.empty() && committer.transactional) return Code::invalid_group_id;
  const bool has_offsets = core_.state().offsets().of_group(committer.group) != nullptr;
  return live(now).may_commit(committer, has_offsets, now);
}

bool GroupService::known(std::string_view group, Instant now) {
  return groups(now).find(group) || core_.state().offsets().of_group(group) ||
         (has_pending_offsets && has_pending_offsets(group));
}

Code GroupService::remove(std::string_view group, Instant now) {
  if (!known(group, now)) return Code::group_id_not_found;
  if (!groups_.may_forget(group)) return Code::non_empty_group;
  if (!core_.change(coordinator::GroupsForgotten{{std::string(group)}}))
    return Code::coordinator_not_available;
  groups_.forget(group);
  return Code::none;
}

Code GroupService::may_delete_offsets(std::string_view group, Instant now) {
  if (!known(group, now)) return Code::group_id_not_found;
  const coordinator::Group* found = groups_.find(group);
  const bool judged_by_topic = !found || found->state() == coordinator::GroupState::empty ||
                               found->protocol_type() == coordinator::consumer_protocol_type;
  return judged_by_topic ? Code::none : Code::non_empty_group;
}

/// Appends, then answers when that is durable. What cannot be appended is taken back.
void GroupService::carry_out(coordinator::GroupDecision decision, Instant now) {
  for (const auto& record : decision.records) {
    if (core_.change(record)) continue;
    decision = groups_.not_stored(std::move(decision), now);
    break;
  }
  for (const auto& answer : decision.answers) {
    const Ticket& ticket = answer.ticket;
    auto bytes = std::visit(
        [&](const auto& response) {
          return wire::encode_response(response, ticket.version, ticket.correlation_id);
        },
        answer.response);
    core_.answer_when_durable(ticket, std::move(bytes), core_.state_end());
  }
}

void GroupService::tick(Instant now) {
  while (auto decision = live(now).tick(now)) carry_out(std::move(*decision), now);
  if (now.steady_ms < retention_check_ms_) return;
  retention_check_ms_ = now.steady_ms + core_.settings().groups.retention_check_ms;
  forget_old_offsets(now);
}

int64_t GroupService::next_deadline_ms() const {
  return std::min(groups_.next_deadline_ms(), retention_check_ms_);
}

void GroupService::forget_old_offsets(Instant now) {
  const auto pending = [this](std::string_view group) {
    return has_pending_offsets && has_pending_offsets(group);
  };
  const int64_t retention_ms = int64_t{core_.settings().groups.offsets_retention_minutes} * 60'000;
  const auto old = coordinator::what_is_too_old(core_.state().offsets(), core_.state().groups(),
                                                groups_, pending, now.wall_ms - retention_ms);
  size_t offsets = 0;
  for (const auto& record : old.offsets) {
    if (!core_.change(record)) return;  // the next check finds them again
    offsets += record.entries.size();
  }
  if (!old.groups.groups.empty()) {
    if (!core_.change(old.groups)) return;
    for (const std::string& group : old.groups.groups) groups_.forget(group);
  }
  if (offsets > 0 || !old.groups.groups.empty()) {
    log_info("broker", "{} offsets and {} groups were older than the retention and are gone",
             offsets, old.groups.groups.size());
  }
}

}  // namespace holdfast::broker
