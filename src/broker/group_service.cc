#include "broker/group_service.h"

namespace holdfast::broker {

using Code = wire::ErrorCode;

Code GroupService::may_commit(const coordinator::Committer& committer, Instant) {
  if (committer.group.empty()) return Code::invalid_group_id;
  if (committer.generation >= 0)
    return committer.member_id.empty() ? Code::illegal_generation : Code::unknown_member_id;
  return Code::none;
}

}  // namespace holdfast::broker
