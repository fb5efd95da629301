#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/group_records.h"
#include "broker/coordinator/ticket.h"
#include "wire/error_code.h"
#include "wire/messages/join_group.h"

namespace holdfast::broker::coordinator {

/// As in Kafka. A group that is dead is not kept, so there is no such state here.
enum class GroupState : uint8_t {
  empty,                 // no members; perhaps offsets
  preparing_rebalance,   // members join
  completing_rebalance,  // all have joined; the leader works out the assignment
  stable,
};
inline constexpr size_t group_states = 4;
/// Kafka's name, for example "PreparingRebalance".
const char* name(GroupState state);

struct Protocol {
  std::string name;
  std::string metadata;  // opaque
  bool operator==(const Protocol&) const = default;
};

struct Member {
  std::string id;
  std::optional<std::string> instance_id;  // static member (KIP-345)
  std::string client_id;
  std::string client_host;
  int32_t rebalance_timeout_ms = 0;
  int32_t session_timeout_ms = 0;
  std::vector<Protocol> protocols;  // in the order of its preference
  std::string assignment;
  bool is_new = false;            // has never been told its id, so it cannot send heartbeats
  bool owes_sync = false;         // has not asked for its part of this generation
  int64_t deadline_ms = 0;        // of its session
  std::optional<Ticket> joining;  // its JoinGroup, not yet answered
  std::optional<Ticket> syncing;  // its SyncGroup, not yet answered

  /// Who waits for an answer of ours does not have to send heartbeats, once it knows its id.
  bool can_expire() const { return is_new || (!joining && !syncing); }
  const Protocol* protocol(std::string_view name) const;
  bool offers(const std::vector<wire::JoinGroupRequest::Protocol>& wanted) const;
};

/// One group with its members: keeps the books (who joins, which protocols all of them have, who
/// leads). The rules are in `Groups`.
class Group {
 public:
  explicit Group(std::string name) : name_(std::move(name)) {}
  Group(const GroupStored& stored, int64_t now_ms);
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  const std::string& name() const { return name_; }
  GroupState state() const { return state_; }
  int32_t generation() const { return generation_; }
  const std::string& protocol_type() const { return protocol_type_; }
  const std::string& protocol() const { return protocol_; }
  const std::string& leader() const { return leader_; }  // empty: none
  bool is_leader(const Member& member) const { return member.id == leader_; }
  const std::map<std::string, Member, std::less<>>& members() const { return members_; }
  std::map<std::string, Member, std::less<>>& members() { return members_; }
  Member* member(std::string_view id);
  Member* static_member(std::string_view instance_id);
  /// Whether a request may speak for this member: UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID.
  wire::ErrorCode check_member(std::string_view id,
                               const std::optional<std::string_view>& instance_id) const;
  size_t joining() const { return joining_; }
  bool all_joined() const { return joining_ == members_.size() && pending.empty(); }
  int32_t rebalance_timeout_ms() const;
  size_t bytes() const { return bytes_; }

  /// Whether a client that offers these could be a member.
  bool supports(std::string_view type,
                const std::vector<wire::JoinGroupRequest::Protocol>& offered) const;
  /// The protocol that all members have and most of them prefer.
  std::string vote() const;
  /// Whether members say that they read the topic; only consumers say that in a way that we know.
  bool subscribed_to(std::string_view topic) const;

  Member& add(Member member, std::string_view protocol_type);
  void remove(std::string_view id);
  /// The same static member under a new id: it keeps its assignment, and its lead.
  Member& rename(Member& member, std::string new_id);
  void set_protocols(Member& member, std::vector<Protocol> protocols);
  void set_assignment(Member& member, std::string assignment);
  void set_joining(Member& member, const Ticket& ticket);
  std::optional<Ticket> take_joining(Member& member);
  /// A member that has joined leads; false: nobody has.
  bool elect_joined_leader();
  /// Everybody has joined, or nobody is left.
  void begin_generation();
  void move_to(GroupState state);

  GroupStored stored(int64_t changed_ms) const;
  bool in_log = false;  // there is a record of it

  // For the rebalance under way, kept by `Groups`:
  std::map<std::string, int64_t, std::less<>> pending;  // ids given out, with their deadlines
  int64_t join_deadline_ms = INT64_MAX;
  int64_t sync_deadline_ms = INT64_MAX;
  bool first_rebalance = false;  // of a group that was empty: it waits a little for others
  bool member_added = false;     // during that wait
  int64_t wait_left_ms = 0;      // how much longer that may be extended
  int64_t wake_ms = INT64_MAX;   // when `Groups` looks at it next

 private:
  void count_protocols(const Member& member, int change);

  std::string name_;
  GroupState state_ = GroupState::empty;
  int32_t generation_ = 0;
  std::string protocol_type_;
  std::string protocol_;
  std::string leader_;
  std::map<std::string, Member, std::less<>> members_;
  std::map<std::string, std::string, std::less<>> static_ids_;  // instance id -> member id
  std::map<std::string, size_t, std::less<>> supported_;        // protocol -> members that have it
  size_t joining_ = 0;
  size_t bytes_ = 0;  // of metadata and assignments
};

}  // namespace holdfast::broker::coordinator
