#include "broker/coordinator/offsets_retention.h"

#include <algorithm>

#include "broker/coordinator/subscription.h"

namespace holdfast::broker::coordinator {
namespace {

/// Whether offsets of this group can be too old at all.
bool judged(const Group* group) {
  return !group || group->state() == GroupState::empty ||
         (group->state() == GroupState::stable && group->protocol_type() == consumer_protocol_type);
}

OffsetsForgotten old_offsets(const std::string& name, const Offsets::Topics& topics,
                             const Group* group, int64_t empty_since_ms, int64_t before_ms) {
  OffsetsForgotten record{name, {}};
  for (const auto& [topic, partitions] : topics) {
    if (group && group->subscribed_to(topic)) continue;
    for (const auto& [partition, committed] : partitions) {
      if (std::max(committed.committed_ms, empty_since_ms) < before_ms)
        record.entries.push_back({topic, partition});
    }
  }
  return record;
}

size_t count(const Offsets::Topics& topics) {
  size_t sum = 0;
  for (const auto& [topic, partitions] : topics) sum += partitions.size();
  return sum;
}

}  // namespace

TooOld what_is_too_old(const Offsets& offsets, const StoredGroups& stored, const Groups& groups,
                       const std::function<bool(std::string_view)>& pending, int64_t before_ms) {
  TooOld found;
  for (const auto& [name, topics] : offsets.all()) {
    const Group* group = groups.find(name);
    if (!judged(group) || pending(name)) continue;
    const GroupStored* kept = stored.find(name);
    const bool empty = !group || group->state() == GroupState::empty;
    const int64_t empty_since_ms = kept && empty ? kept->changed_ms : INT64_MIN;
    auto record = old_offsets(name, topics, group, empty_since_ms, before_ms);
    const bool all = record.entries.size() == count(topics);
    if (all && kept && empty && groups.may_forget(name))
      found.groups.groups.push_back(name);
    else if (!record.entries.empty())
      found.offsets.push_back(std::move(record));
  }
  for (const auto& [name, kept] : stored.all()) {
    const bool nothing_left = kept.members.empty() && !offsets.of_group(name);
    if (nothing_left && kept.changed_ms < before_ms && groups.may_forget(name) && !pending(name))
      found.groups.groups.push_back(name);
  }
  return found;
}

}  // namespace holdfast::broker::coordinator
