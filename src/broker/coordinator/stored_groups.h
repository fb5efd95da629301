#pragma once

#include <map>
#include <string>
#include <string_view>

#include "broker/coordinator/group_records.h"

namespace holdfast::broker::coordinator {

/// What of the groups survives a restart: their last completed generation. Only `replay` changes
/// it. The groups as they are now, with their rebalances and timers, are in `Groups`, which begins
/// with what is here.
class StoredGroups {
 public:
  void replay(const GroupStored& record) { groups_[record.group] = record; }
  void replay(const GroupsForgotten& record);

  const std::map<std::string, GroupStored, std::less<>>& all() const { return groups_; }
  const GroupStored* find(std::string_view group) const;

  void write(StateWriter& out) const;
  void read(StateReader& in);

 private:
  std::map<std::string, GroupStored, std::less<>> groups_;
};

}  // namespace holdfast::broker::coordinator
