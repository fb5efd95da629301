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

  /// Who had a static member's part last, and since when he knew. It is durable then.
  struct Holder {
    std::string member_id;
    history::Time since = 0;
  };
  std::map<std::string, Holder> holders;  // by instance id
  std::set<std::string> replaced;         // member ids: another has their part for certain
};

/// A member of a classic group, dynamic or static: joins, gets its partitions, reads on where the
/// group stands, commits, sends heartbeats; leaves now and then, or is seen no more. Sometimes it
/// stands still for long and goes on as if it were still a member, which the broker must know
/// better: from what all of them saw, the group has gone on without it.
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
  void replace_namesake();
  void sync(const std::vector<std::string>& members);
  void take_part(const wire::SyncGroupResponse& answer);
  void read_positions();
  bool take_positions(const wire::OffsetFetchResponse& answer, history::Time invoked);
  void next();
  void stand_still();
  void leave(bool for_good);
  void heartbeat();
  void poll();
  void take(const wire::FetchResponse& answer, history::Time invoked);
  void commit();
  void committed(const std::vector<size_t>& commits, bool too_late,
                 const wire::OffsetCommitResponse& answer);
  /// Whether the group has gone on without it, for certain: whatever it says now is too late.
  bool gone_on() const;
  void must_be_refused(const char* what, bool too_late, Code code);
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
  history::Time join_invoked_ = 0;
  bool finishing_ = false;
  bool finished_ = false;
};

}  // namespace holdfast::simulation
