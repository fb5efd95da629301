#include "broker/coordinator/group_records.h"

namespace holdfast::broker::coordinator {
namespace {

void write_member(StateWriter& out, const StoredMember& member) {
  out.text(member.id);
  out.number(static_cast<uint8_t>(member.instance_id.has_value()));
  if (member.instance_id) out.text(*member.instance_id);
  out.text(member.client_id);
  out.text(member.client_host);
  out.number(member.rebalance_timeout_ms);
  out.number(member.session_timeout_ms);
  out.text(member.metadata);
  out.text(member.assignment);
}

StoredMember read_member(StateReader& in) {
  StoredMember member;
  member.id = in.text();
  if (in.number<uint8_t>() != 0) member.instance_id = in.text();
  member.client_id = in.text();
  member.client_host = in.text();
  member.rebalance_timeout_ms = in.number<int32_t>();
  member.session_timeout_ms = in.number<int32_t>();
  member.metadata = in.text();
  member.assignment = in.text();
  return member;
}

}  // namespace

void GroupStored::write(StateWriter& out) const {
  out.text(group);
  out.text(protocol_type);
  out.number(generation);
  out.text(protocol);
  out.text(leader);
  out.number(changed_ms);
  out.number(static_cast<uint32_t>(members.size()));
  for (const StoredMember& member : members) write_member(out, member);
}

GroupStored GroupStored::read(StateReader& in) {
  GroupStored record;
  record.group = in.text();
  record.protocol_type = in.text();
  record.generation = in.number<int32_t>();
  record.protocol = in.text();
  record.leader = in.text();
  record.changed_ms = in.number<int64_t>();
  const uint32_t count = in.count(29);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) record.members.push_back(read_member(in));
  return record;
}

void GroupsForgotten::write(StateWriter& out) const {
  out.number(static_cast<uint32_t>(groups.size()));
  for (const std::string& group : groups) out.text(group);
}

GroupsForgotten GroupsForgotten::read(StateReader& in) {
  GroupsForgotten record;
  const uint32_t count = in.count(4);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) record.groups.emplace_back(in.text());
  return record;
}

void OffsetsForgotten::write(StateWriter& out) const {
  out.text(group);
  out.number(static_cast<uint32_t>(entries.size()));
  for (const Entry& entry : entries) {
    out.text(entry.topic);
    out.number(entry.partition);
  }
}

OffsetsForgotten OffsetsForgotten::read(StateReader& in) {
  OffsetsForgotten record;
  record.group = in.text();
  const uint32_t count = in.count(8);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) {
    std::string topic(in.text());
    record.entries.push_back({std::move(topic), in.number<int32_t>()});
  }
  return record;
}

}  // namespace holdfast::broker::coordinator
