#include "testing/simulation/group_member.h"

#include <algorithm>

#include "wire/messages/heartbeat.h"
#include "wire/messages/leave_group.h"

namespace holdfast::simulation {
namespace {

constexpr int64_t request_timeout_us = 4 * seconds;
constexpr int32_t session_timeout_ms = 8'000;
constexpr int32_t rebalance_timeout_ms = 10'000;

/// What a leader tells each member: the partitions, four bytes each.
ByteBuffer encode_part(const std::vector<int32_t>& partitions) {
  ByteBuffer bytes(4 * partitions.size());
  for (size_t i = 0; i < partitions.size(); ++i) store_be(bytes.data() + 4 * i, partitions[i]);
  return bytes;
}

std::vector<int32_t> decode_part(ByteView bytes) {
  std::vector<int32_t> partitions;
  for (; bytes.size() >= 4; bytes = bytes.subspan(4))
    partitions.push_back(load_be<int32_t>(bytes.data()));
  return partitions;
}

}  // namespace

GroupMember::GroupMember(World& world, std::string name, TopicPlan topic,
                         std::shared_ptr<GroupSeen> group, std::optional<std::string> instance_id,
                         int64_t pause_us)
    : Actor(world, std::move(name)),
      topic_(std::move(topic)),
      group_(std::move(group)),
      instance_id_(std::move(instance_id)),
      pause_us_(pause_us) {}

void GroupMember::crash() {
  die();
  member_id_.clear();
  rejoin(ms, 20 * seconds);
}

void GroupMember::rejoin(int64_t least_us, int64_t most_us) {
  positions_.clear();
  later(scheduler().between(least_us, most_us), [this] { join(); });
}

void GroupMember::join() {
  finished_ = finishing_;
  if (finishing_) return;
  join_invoked_ = world_.stamp();
  wire::JoinGroupRequest request;
  request.group_id = group_->name;
  request.session_timeout_ms = session_timeout_ms;
  request.rebalance_timeout_ms = rebalance_timeout_ms;
  request.member_id = member_id_;
  request.group_instance_id = instance_id_;
  request.protocol_type = "consumer";
  request.protocols.push_back({"by-number", {}});
  peer_.call<wire::JoinGroupResponse>(request, static_cast<int16_t>(scheduler().between(5, 9)),
                                      (rebalance_timeout_ms + 5'000) * ms, false,
                                      [this](std::optional<wire::JoinGroupResponse> answer) {
                                        if (!answer) return rejoin(20 * ms, 300 * ms);
                                        joined(*answer);
                                      });
}

void GroupMember::joined(const wire::JoinGroupResponse& answer) {
  switch (answer.error_code) {
    case Code::none: {
      member_id_ = answer.member_id;
      generation_ = answer.generation_id;
      std::vector<std::string> members;
      for (const auto& member : answer.members) members.push_back(member.member_id);
      if (!scheduler().one_in(30)) return sync(members);
      return later(scheduler().between(0, session_timeout_ms) * ms,
                   [this, members = std::move(members)] { sync(members); });
    }
    case Code::member_id_required:
      member_id_ = answer.member_id;
      return join();
    case Code::unknown_member_id:
      member_id_.clear();
      return rejoin(20 * ms, 300 * ms);
    case Code::fenced_instance_id:  // its successor is there already
      member_id_.clear();
      return rejoin(seconds, 20 * seconds);
    case Code::rebalance_in_progress:
      return rejoin(20 * ms, 300 * ms);
    default:
      if (!try_again(answer.error_code)) unexpected("JoinGroup", answer.error_code);
      rejoin(20 * ms, 300 * ms);
  }
}

/// Whoever had the part of this static member before is no member any more, if he knew of it
/// before this one asked to join.
void GroupMember::replace_namesake() {
  if (!instance_id_) return;
  GroupSeen::Holder& holder = group_->holders[*instance_id_];
  if (holder.member_id != member_id_ && join_invoked_ > holder.since)
    group_->replaced.insert(holder.member_id);
  holder = {member_id_, world_.stamp()};
}

bool GroupMember::gone_on() const {
  return generation_ < group_->generation || group_->replaced.contains(member_id_);
}

void GroupMember::must_be_refused(const char* what, bool too_late, Code code) {
  if (!too_late || code != Code::none) return;
  world_.violation(
      Violation::Kind::stale_member,
      fmt::format("{}: {} of {} in generation {} was taken, though the group is in {}{}",
                  group_->name, what, peer_.name(), generation_, group_->generation,
                  group_->replaced.contains(member_id_) ? " and it was replaced" : ""));
}

void GroupMember::sync(const std::vector<std::string>& members) {
  wire::SyncGroupRequest request;
  request.group_id = group_->name;
  request.generation_id = generation_;
  request.member_id = member_id_;
  request.group_instance_id = instance_id_;
  std::vector<ByteBuffer> parts;
  parts.reserve(members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    std::vector<int32_t> partitions;
    for (auto p = static_cast<int32_t>(i); p < topic_.partitions;
         p += static_cast<int32_t>(members.size()))
      partitions.push_back(p);
    parts.push_back(encode_part(partitions));
    request.assignments.push_back({members[i], parts.back()});
  }
  peer_.call<wire::SyncGroupResponse>(
      request, 3, (rebalance_timeout_ms + 5'000) * ms, false,
      [this, too_late = gone_on()](std::optional<wire::SyncGroupResponse> answer) {
        if (!answer) return rejoin(20 * ms, 300 * ms);
        must_be_refused("a sync", too_late, answer->error_code);
        if (outdated(answer->error_code)) return;
        if (answer->error_code == Code::none) return take_part(*answer);
        if (!try_again(answer->error_code)) unexpected("SyncGroup", answer->error_code);
        rejoin(20 * ms, 300 * ms);
      });
}

void GroupMember::take_part(const wire::SyncGroupResponse& answer) {
  const std::string& self = instance_id_ ? *instance_id_ : member_id_;
  group_->generation = std::max(group_->generation, generation_);
  replace_namesake();
  positions_.clear();
  for (const int32_t partition : decode_part(answer.assignment)) {
    const auto [owner, is_new] = group_->owners.try_emplace({generation_, partition}, self);
    if (!is_new && owner->second != self)
      world_.violation(
          Violation::Kind::two_owners,
          fmt::format("{}: {}-{} has two owners in generation {}: {} and {}", group_->name,
                      topic_.name, partition, generation_, owner->second, self));
    positions_.push_back({topic_.name, partition});
  }
  next_heartbeat_us_ = scheduler().now_us() + 2 * seconds;
  positions_.empty() ? next() : read_positions();
}

bool GroupMember::outdated(Code code) {
  switch (code) {
    case Code::unknown_member_id:
    case Code::fenced_instance_id:
      member_id_.clear();
      break;
    case Code::illegal_generation:
    case Code::rebalance_in_progress:
      break;
    default:
      return false;
  }
  rejoin(code == Code::fenced_instance_id ? seconds : ms, 2 * seconds);
  return true;
}

void GroupMember::read_positions() {
  wire::OffsetFetchRequest request;
  request.require_stable = true;
  request.group_id = group_->name;
  auto& topic = request.topics.emplace().emplace_back();
  topic.name = topic_.name;
  for (const Position& position : positions_) topic.partition_indexes.push_back(position.partition);
  peer_.call<wire::OffsetFetchResponse>(
      request, 7, request_timeout_us, true,
      [this, invoked = world_.stamp()](std::optional<wire::OffsetFetchResponse> answer) {
        if (answer && take_positions(*answer, invoked)) return next();
        later(scheduler().between(20 * ms, 200 * ms), [this] { read_positions(); });
      });
}

bool GroupMember::take_positions(const wire::OffsetFetchResponse& answer, history::Time invoked) {
  if (answer.error_code != Code::none) return false;
  const auto& topic = answer.topics.at(0);
  for (size_t i = 0; i < topic.partitions.size(); ++i) {
    const auto& told = topic.partitions[i];
    if (told.error_code != Code::none) return false;
    world_.history.offset_reads.push_back(
        {group_->name,
         {world_.partition(topic_.name, told.partition_index), told.committed_offset},
         invoked,
         world_.stamp()});
    positions_.at(i).offset = std::max<int64_t>(0, told.committed_offset);
  }
  consumer_ = world_.new_consumer();
  return true;
}

/// What a member does next while it is in its generation.
void GroupMember::next() {
  later(scheduler().between(pause_us_ / 4, pause_us_ * 2), [this] {
    if (finishing_) return leave(true);
    if (scheduler().one_in(300)) return leave(false);
    if (scheduler().one_in(80)) return stand_still();
    if (scheduler().now_us() >= next_heartbeat_us_) return heartbeat();
    positions_.empty() ? next() : poll();
  });
}

/// As a program does that is collecting garbage, or whose machine sleeps. It does not notice.
void GroupMember::stand_still() {
  later(scheduler().between(1, 3 * session_timeout_ms) * ms, [this] {
    if (finishing_) return leave(true);
    if (positions_.empty() || scheduler().one_in(3)) return heartbeat();
    scheduler().one_in(2) ? commit() : poll();
  });
}

void GroupMember::leave(bool for_good) {
  wire::LeaveGroupRequest request;
  request.group_id = group_->name;
  request.members.push_back({member_id_, instance_id_, {}});
  peer_.call<wire::LeaveGroupResponse>(
      request, 4, request_timeout_us, false,
      [this, for_good](const std::optional<wire::LeaveGroupResponse>&) {
        // Some part of the program has not heard of it, and commits as before.
        if (!for_good && !positions_.empty() && scheduler().one_in(2))
          return later(scheduler().between(ms, 15 * seconds), [this] { commit(); });
        member_id_.clear();
        finished_ = for_good;
        if (!for_good) rejoin(ms, 20 * seconds);
      });
}

void GroupMember::heartbeat() {
  next_heartbeat_us_ = scheduler().now_us() + 2 * seconds;
  wire::HeartbeatRequest request;
  request.group_id = group_->name;
  request.generation_id = generation_;
  request.member_id = member_id_;
  request.group_instance_id = instance_id_;
  peer_.call<wire::HeartbeatResponse>(
      request, 4, request_timeout_us, true,
      [this, too_late = gone_on()](std::optional<wire::HeartbeatResponse> answer) {
        if (!answer) return next();
        must_be_refused("a heartbeat", too_late, answer->error_code);
        if (outdated(answer->error_code)) return;
        if (answer->error_code != Code::none && !try_again(answer->error_code))
          unexpected("Heartbeat", answer->error_code);
        next();
      });
}

}  // namespace holdfast::simulation
