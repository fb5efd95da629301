#include "broker/coordinator/stored_groups.h"

namespace holdfast::broker::coordinator {

void StoredGroups::replay(const GroupsForgotten& record) {
  for (const std::string& group : record.groups) groups_.erase(group);
}

const GroupStored* StoredGroups::find(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

void StoredGroups::write(StateWriter& out) const {
  out.number(static_cast<uint32_t>(groups_.size()));
  for (const auto& [name, group] : groups_) group.write(out);
}

void StoredGroups::read(StateReader& in) {
  const uint32_t count = in.count(32);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) replay(GroupStored::read(in));
}

}  // namespace holdfast::broker::coordinator
