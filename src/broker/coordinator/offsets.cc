#include "broker/coordinator/offsets.h"

namespace holdfast::broker::coordinator {
namespace {

void write_committed(StateWriter& out, const CommittedOffset& committed) {
  out.number(committed.offset);
  out.number(committed.leader_epoch);
  out.number(committed.committed_ms);
  out.text(committed.metadata);
}

CommittedOffset read_committed(StateReader& in) {
  CommittedOffset committed;
  committed.offset = in.number<int64_t>();
  committed.leader_epoch = in.number<int32_t>();
  committed.committed_ms = in.number<int64_t>();
  committed.metadata = in.text();
  return committed;
}

}  // namespace

void OffsetsCommitted::write(StateWriter& out) const {
  out.text(group);
  out.number(static_cast<uint32_t>(entries.size()));
  for (const Entry& entry : entries) {
    out.text(entry.topic);
    out.number(entry.partition);
    write_committed(out, entry.committed);
  }
}

OffsetsCommitted OffsetsCommitted::read(StateReader& in) {
  OffsetsCommitted record;
  record.group = in.text();
  const uint32_t count = in.count(32);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) {
    Entry& entry = record.entries.emplace_back();
    entry.topic = in.text();
    entry.partition = in.number<int32_t>();
    entry.committed = read_committed(in);
  }
  return record;
}

void Offsets::replay(const OffsetsCommitted& record) {
  Topics& topics = groups_[record.group];
  for (const auto& entry : record.entries) {
    const bool added =
        topics[entry.topic].insert_or_assign(entry.partition, entry.committed).second;
    size_ += added ? 1 : 0;
  }
}

void Offsets::replay(const OffsetsForgotten& record) {
  const auto group = groups_.find(record.group);
  if (group == groups_.end()) return;
  Topics& topics = group->second;
  for (const auto& entry : record.entries) {
    const auto topic = topics.find(entry.topic);
    if (topic == topics.end()) continue;
    size_ -= topic->second.erase(entry.partition);
    if (topic->second.empty()) topics.erase(topic);
  }
  if (topics.empty()) groups_.erase(group);
}

void Offsets::replay(const GroupsForgotten& record) {
  for (const std::string& name : record.groups) {
    const auto group = groups_.find(name);
    if (group == groups_.end()) continue;
    for (const auto& [topic, partitions] : group->second) size_ -= partitions.size();
    groups_.erase(group);
  }
}

void Offsets::forget_topic(std::string_view topic) {
  for (auto group = groups_.begin(); group != groups_.end();) {
    Topics& topics = group->second;
    if (const auto found = topics.find(topic); found != topics.end()) {
      size_ -= found->second.size();
      topics.erase(found);
    }
    group = topics.empty() ? groups_.erase(group) : std::next(group);
  }
}

const CommittedOffset* Offsets::find(std::string_view group, std::string_view topic,
                                     int32_t partition) const {
  const Topics* topics = of_group(group);
  if (!topics) return nullptr;
  const auto partitions = topics->find(topic);
  if (partitions == topics->end()) return nullptr;
  const auto found = partitions->second.find(partition);
  return found == partitions->second.end() ? nullptr : &found->second;
}

const Offsets::Topics* Offsets::of_group(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

void Offsets::write(StateWriter& out) const {
  out.number(static_cast<uint32_t>(groups_.size()));
  for (const auto& [group, topics] : groups_) {
    OffsetsCommitted record{group, {}};
    for (const auto& [topic, partitions] : topics) {
      for (const auto& [partition, committed] : partitions)
        record.entries.push_back({topic, partition, committed});
    }
    record.write(out);
  }
}

void Offsets::read(StateReader& in) {
  const uint32_t count = in.count(8);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) replay(OffsetsCommitted::read(in));
}

}  // namespace holdfast::broker::coordinator
