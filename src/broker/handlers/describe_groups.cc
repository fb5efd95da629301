#include "wire/messages/describe_groups.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using coordinator::Group;
using coordinator::GroupState;
using Described = wire::DescribeGroupsResponse::Group;

/// Bits of what anybody may do with a group, since nobody is authorized: read, delete, describe,
/// describe and alter its settings.
constexpr int32_t kAllOperations = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;
/// From this version on there is an error for a group that does not exist.
constexpr int16_t kNotFound = 6;

ByteBuffer copy(std::string_view text) {
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

void describe(const Group& group, Described& answer) {
  answer.group_state = name(group.state());
  answer.protocol_type = group.protocol_type();
  const bool stable = group.state() == GroupState::stable;
  if (stable) answer.protocol_data = group.protocol();
  for (const auto& [id, member] : group.members()) {
    auto& listed = answer.members.emplace_back();
    listed.member_id = id;
    listed.group_instance_id = member.instance_id;
    listed.client_id = member.client_id;
    listed.client_host = member.client_host;
    listed.member_assignment = copy(member.assignment);
    if (!stable) continue;
    if (const auto* chosen = member.protocol(group.protocol()))
      listed.member_metadata = copy(chosen->metadata);
  }
}

}  // namespace

/// DescribeGroups: state and members. What a member has is shown, also while a
/// rebalance is about to change it; its metadata only in a settled group.
void handle(const wire::DescribeGroupsRequest& request, Context& context) {
  wire::DescribeGroupsResponse response;
  GroupService& groups = context.core.groups();
  for (const std::string_view id : request.groups) {
    Described& answer = response.groups.emplace_back();
    answer.group_id = id;
    if (request.include_authorized_operations) answer.authorized_operations = kAllOperations;
    if (const Group* group = groups.groups(context.now).find(id)) {
      describe(*group, answer);
    } else if (groups.known(id, context.now)) {
      answer.group_state = name(GroupState::empty);
    } else {
      answer.group_state = "Dead";
      if (context.version() < kNotFound) continue;
      answer.error_code = wire::ErrorCode::group_id_not_found;
      answer.error_message = "there is no group " + std::string(id);
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
