#include "broker/coordinator/pending_offsets.h"

namespace holdfast::broker::coordinator {

void PendingOffsets::replay(int64_t producer_id, const OffsetsCommitted& record) {
  Places& places = groups_[record.group][producer_id];
  for (const auto& entry : record.entries) {
    const bool added =
        places.insert_or_assign({entry.topic, entry.partition}, Pending{entry.committed}).second;
    size_ += added ? 1 : 0;
  }
}

void PendingOffsets::committed(const OffsetsCommitted& record) {
  const auto group = groups_.find(record.group);
  if (group == groups_.end()) return;
  for (auto& [producer_id, places] : group->second) {
    for (const auto& entry : record.entries) {
      const auto found = places.find({entry.topic, entry.partition});
      if (found != places.end()) found->second.outdated = true;
    }
  }
}

std::vector<OffsetsCommitted> PendingOffsets::end(int64_t producer_id) {
  std::vector<OffsetsCommitted> ended;
  for (auto group = groups_.begin(); group != groups_.end();) {
    Producers& producers = group->second;
    if (const auto found = producers.find(producer_id); found != producers.end()) {
      OffsetsCommitted& record = ended.emplace_back(OffsetsCommitted{group->first, {}});
      for (auto& [place, pending] : found->second) {
        if (!pending.outdated)
          record.entries.push_back({place.first, place.second, std::move(pending.offset)});
      }
      size_ -= found->second.size();
      producers.erase(found);
    }
    group = producers.empty() ? groups_.erase(group) : std::next(group);
  }
  return ended;
}

void PendingOffsets::forget_topic(std::string_view topic) {
  for (auto& [group, producers] : groups_) {
    for (auto& [producer_id, places] : producers) {
      size_ -= std::erase_if(places, [&](const auto& place) { return place.first.first == topic; });
    }
  }
}

void PendingOffsets::replay(const OffsetsForgotten& record) {
  const auto group = groups_.find(record.group);
  if (group == groups_.end()) return;
  for (auto& [producer_id, places] : group->second) {
    for (const auto& entry : record.entries) size_ -= places.erase({entry.topic, entry.partition});
  }
}

void PendingOffsets::replay(const GroupsForgotten& record) {
  for (const std::string& gone : record.groups) {
    const auto group = groups_.find(gone);
    if (group == groups_.end()) continue;
    for (const auto& [producer_id, places] : group->second) size_ -= places.size();
    groups_.erase(group);
  }
}

bool PendingOffsets::undecided(std::string_view group, std::string_view topic,
                               int32_t partition) const {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return false;
  const Place place{topic, partition};
  for (const auto& [producer_id, places] : found->second) {
    if (places.contains(place)) return true;
  }
  return false;
}

void PendingOffsets::write(StateWriter& out) const {
  out.number(static_cast<uint32_t>(groups_.size()));
  for (const auto& [group, producers] : groups_) {
    out.text(group);
    out.number(static_cast<uint32_t>(producers.size()));
    for (const auto& [producer_id, places] : producers) {
      out.number(producer_id);
      OffsetsCommitted record{group, {}};
      for (const auto& [place, pending] : places)
        record.entries.push_back({place.first, place.second, pending.offset});
      record.write(out);
      for (const auto& [place, pending] : places)
        out.number(static_cast<uint8_t>(pending.outdated));
    }
  }
}

void PendingOffsets::read(StateReader& in) {
  const uint32_t groups = in.count(8);
  for (uint32_t g = 0; g < groups && !in.failed(); ++g) {
    const std::string group(in.text());
    const uint32_t producers = in.count(16);
    for (uint32_t p = 0; p < producers && !in.failed(); ++p) {
      const auto producer_id = in.number<int64_t>();
      replay(producer_id, OffsetsCommitted::read(in));
      for (auto& [place, pending] : groups_[group][producer_id])
        pending.outdated = in.number<uint8_t>() != 0;
    }
  }
}

}  // namespace holdfast::broker::coordinator
