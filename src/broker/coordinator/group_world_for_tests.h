#pragma once

#include <map>
#include <string>
#include <vector>

#include "broker/coordinator/groups.h"

namespace holdfast::broker::coordinator {

/// What a member knows of itself.
struct TestMember {
  std::string group = "g";
  std::string id = {};
  std::string instance = {};
  int32_t generation = -1;
  int32_t session_ms = 10'000;
  int32_t rebalance_ms = 30'000;
  std::string type = "consumer";
  std::vector<std::pair<std::string, std::string>> protocols = {{"range", "m"}};
};

/// Groups with the broker around them: a clock, what is in the log, and the answers by request. For
/// tests only.
class GroupWorld {
 public:
  explicit GroupWorld(GroupSettings settings = {.initial_rebalance_delay_ms = 0})
      : settings_(settings) {
    restart();
  }

  /// Whatever was not in the log is gone, and so is everybody who waited.
  void restart() {
    groups_ =
        std::make_unique<Groups>(settings_, [this] { return "id" + std::to_string(next_id_++); });
    ByteBuffer bytes = store_bytes();
    StateReader in(bytes);
    stored_ = {};
    stored_.read(in);
    groups_->load(stored_, now);
  }
  ByteBuffer store_bytes() const {
    ByteBuffer bytes;
    StateWriter out(bytes);
    stored_.write(out);
    return bytes;
  }

  uint64_t join(const TestMember& member, int16_t version = 9) {
    wire::JoinGroupRequest request;
    request.group_id = member.group;
    request.session_timeout_ms = member.session_ms;
    request.rebalance_timeout_ms = member.rebalance_ms;
    request.member_id = member.id;
    if (!member.instance.empty()) request.group_instance_id = member.instance;
    request.protocol_type = member.type;
    for (const auto& [name, metadata] : member.protocols)
      request.protocols.push_back({name, as_bytes(metadata)});
    const uint64_t ticket = next_ticket_++;
    carry_out(groups_->join(request, caller(ticket, version)));
    return ticket;
  }
  uint64_t sync(const TestMember& member,
                const std::vector<std::pair<std::string, std::string>>& parts = {},
                int16_t version = 4) {
    wire::SyncGroupRequest request;
    request.group_id = member.group;
    request.generation_id = member.generation;
    request.member_id = member.id;
    if (!member.instance.empty()) request.group_instance_id = member.instance;
    for (const auto& [id, part] : parts) request.assignments.push_back({id, as_bytes(part)});
    const uint64_t ticket = next_ticket_++;
    carry_out(groups_->sync(request, caller(ticket, version)));
    return ticket;
  }
  wire::ErrorCode heartbeat(const TestMember& member) {
    wire::HeartbeatRequest request;
    request.group_id = member.group;
    request.generation_id = member.generation;
    request.member_id = member.id;
    if (!member.instance.empty()) request.group_instance_id = member.instance;
    return groups_->heartbeat(request, now);
  }
  wire::LeaveGroupResponse leave(const std::string& group,
                                 const std::vector<wire::LeaveGroupRequest::Member>& members,
                                 int16_t version = 5) {
    wire::LeaveGroupRequest request;
    request.group_id = group;
    if (version < 3)
      request.member_id = members.at(0).member_id;
    else
      request.members = members;
    wire::LeaveGroupResponse response;
    carry_out(groups_->leave(request, version, response, now));
    return response;
  }
  wire::ErrorCode commit(const TestMember& member, bool transactional = false,
                         int16_t version = 8) {
    Committer committer{.group = member.group,
                        .generation = member.generation,
                        .member_id = member.id,
                        .instance_id = {},
                        .transactional = transactional,
                        .version = version};
    if (!member.instance.empty()) committer.instance_id = member.instance;
    return groups_->may_commit(committer, false, now);
  }

  /// Joins, learns its id and its generation; empty while it has to wait.
  std::optional<wire::JoinGroupResponse> join_and_learn(TestMember& member, int16_t version = 9) {
    uint64_t ticket = join(member, version);
    if (joins.contains(ticket) &&
        joins.at(ticket).error_code == wire::ErrorCode::member_id_required) {
      member.id = joins.at(ticket).member_id;
      ticket = join(member, version);
    }
    return learn(member, ticket);
  }
  std::optional<wire::JoinGroupResponse> learn(TestMember& member, uint64_t ticket) {
    const auto found = joins.find(ticket);
    if (found == joins.end()) return std::nullopt;
    if (found->second.error_code == wire::ErrorCode::none) {
      member.id = found->second.member_id;
      member.generation = found->second.generation_id;
    }
    return found->second;
  }
  /// Time passes, and what is due is done at its time.
  void pass(int64_t ms) {
    const int64_t until = now.steady_ms + ms;
    while (groups_->next_deadline_ms() <= until) {
      const int64_t at = std::max(now.steady_ms, groups_->next_deadline_ms());
      now.wall_ms += at - now.steady_ms;
      now.steady_ms = at;
      while (auto decision = groups_->tick(now)) carry_out(std::move(*decision));
    }
    now.wall_ms += until - now.steady_ms;
    now.steady_ms = until;
  }

  const Group* group(std::string_view name = "g") const {
    return std::as_const(*groups_).find(name);
  }
  Groups& groups() { return *groups_; }
  uint64_t last_ticket() const { return next_ticket_ - 1; }
  const StoredGroups& stored() const { return stored_; }

  Instant now{1'000'000, 1'700'000'000'000};
  bool disk_full = false;
  std::map<uint64_t, wire::JoinGroupResponse> joins;
  std::map<uint64_t, wire::SyncGroupResponse> syncs;
  std::vector<GroupStored> records;
  size_t answered_twice = 0;

 private:
  GroupCaller caller(uint64_t ticket, int16_t version) const {
    return {{.connection = 1, .sequence = ticket, .version = version}, "client", "/host", now};
  }
  void carry_out(GroupDecision decision) {
    if (disk_full && !decision.records.empty())
      decision = groups_->not_stored(std::move(decision), now);
    for (const GroupStored& record : decision.records) {
      stored_.replay(record);
      records.push_back(record);
    }
    for (auto& answer : decision.answers) {
      const uint64_t ticket = answer.ticket.sequence;
      if (joins.contains(ticket) || syncs.contains(ticket)) ++answered_twice;
      if (auto* join = std::get_if<wire::JoinGroupResponse>(&answer.response))
        joins[ticket] = std::move(*join);
      else
        syncs[ticket] = std::move(std::get<wire::SyncGroupResponse>(answer.response));
    }
  }

  GroupSettings settings_;
  StoredGroups stored_;
  std::unique_ptr<Groups> groups_;
  uint64_t next_ticket_ = 1;
  uint64_t next_id_ = 1;
};

}  // namespace holdfast::broker::coordinator
