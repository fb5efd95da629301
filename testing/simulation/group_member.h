#pragma once

#include <map>
#include <set>

#include "testing/simulation/actor.h"
#include "testing/simulation/fetching.h"
#include "wire/messages/join_group.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/sync_group.h"

namespace holdfast::simulation {

/// What the members of one group saw of it together, and what must be true of that.
struct GroupSeen {
  std::string name;
  int32_t generation = -1;  // the newest that any member got its part of
  /// Who has a partition in a generation; a static member by its instance id, since its successor
  /// takes over.
  std::map<std::pair<int32_t, int32_t>, std::string> owners;
};

/// A member of a classic group, dynamic or static: joins, gets its partitions, reads on where the
/// group stands, commits, sends heartbeats; leaves now and then, or is seen no more.
class GroupMember final : public Actor {
 public:
  GroupMember(World& world, std::string name, TopicPlan topic, std::shared_ptr<GroupSeen> group,
              std::optional<std::string> instance_id, int64_t pause_us);

  void start() override { join(); }
  void finish() override { finishing_ = true; }
  bool finished() const override { return finished_; }
  void crash() override;

 private:
  using Code = wire::ErrorCode;

  void join();
  void joined(const wire::JoinGroupResponse& answer);
  void sync(const wire::JoinGroupResponse& joined);
  void take_part(const wire::SyncGroupResponse& answer);
  void read_positions();
  bool take_positions(const wire::OffsetFetchResponse& answer, history::Time invoked);
  void next();
  void leave(bool for_good);
  void heartbeat();
  void poll();
  void take(const wire::FetchResponse& answer, history::Time invoked);
  void commit();
  void committed(const std::vector<size_t>& commits, int32_t newest_before,
                 const wire::OffsetCommitResponse& answer);
  /// Goes back to joining if the answer says that the member is not in this generation any more.
  bool outdated(Code code);
  void rejoin(int64_t least_us, int64_t most_us);

  const TopicPlan topic_;
  const std::shared_ptr<GroupSeen> group_;
  const std::optional<std::string> instance_id_;
  const int64_t pause_us_;
  std::string member_id_;
  int32_t generation_ = -1;
  uint32_t consumer_ = 0;
  std::vector<Position> positions_;
  int64_t next_heartbeat_us_ = 0;
  bool finishing_ = false;
  bool finished_ = false;
};

}  // namespace holdfast::simulation
