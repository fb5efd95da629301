#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/coordinator/state_bytes.h"

namespace holdfast::broker::coordinator {

/// A member as it is kept: of its protocols only the one that was chosen, as Kafka does.
struct StoredMember {
  std::string id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  int32_t rebalance_timeout_ms = 0;
  int32_t session_timeout_ms = 0;
  std::string metadata;    // for the protocol of the group; opaque
  std::string assignment;  // opaque

  bool operator==(const StoredMember&) const = default;
};

/// A group as it is from now on: after a completed sync, after a static member came back under a
/// new id, or when the last member left.
struct GroupStored {
  std::string group;
  std::string protocol_type;
  int32_t generation = 0;
  std::string protocol;  // empty when there are no members
  std::string leader;
  int64_t changed_ms = 0;  // when it came into this state
  std::vector<StoredMember> members;

  void write(StateWriter& out) const;
  static GroupStored read(StateReader& in);
  bool operator==(const GroupStored&) const = default;
};

/// Groups that are gone, with all their offsets.
struct GroupsForgotten {
  std::vector<std::string> groups;

  void write(StateWriter& out) const;
  static GroupsForgotten read(StateReader& in);
};

/// Offsets of a group that are gone: deleted by a client, or too old.
struct OffsetsForgotten {
  struct Entry {
    std::string topic;
    int32_t partition = 0;
  };
  std::string group;
  std::vector<Entry> entries;

  void write(StateWriter& out) const;
  static OffsetsForgotten read(StateReader& in);
};

}  // namespace holdfast::broker::coordinator
