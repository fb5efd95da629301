#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/group_records.h"
#include "broker/coordinator/state_bytes.h"

namespace holdfast::broker::coordinator {

/// Where a group has got to in one partition.
struct CommittedOffset {
  int64_t offset = -1;
  int32_t leader_epoch = -1;
  int64_t committed_ms = 0;
  std::string metadata;  // the client's own words
};

/// A change of a group's offsets, all of one request.
struct OffsetsCommitted {
  struct Entry {
    std::string topic;
    int32_t partition = 0;
    CommittedOffset committed;
  };
  std::string group;
  std::vector<Entry> entries;

  void write(StateWriter& out) const;
  static OffsetsCommitted read(StateReader& in);
};

/// The stored offsets of all groups. Only `replay` and `forget_topic` (a topic was deleted) change
/// them.
class Offsets {
 public:
  using Partitions = std::map<int32_t, CommittedOffset>;
  using Topics = std::map<std::string, Partitions, std::less<>>;

  void replay(const OffsetsCommitted& record);
  void replay(const OffsetsForgotten& record);
  void replay(const GroupsForgotten& record);
  void forget_topic(std::string_view topic);

  const CommittedOffset* find(std::string_view group, std::string_view topic,
                              int32_t partition) const;
  /// All offsets of a group; null when it has none.
  const Topics* of_group(std::string_view group) const;
  /// Every group that has offsets.
  const std::map<std::string, Topics, std::less<>>& all() const { return groups_; }
  /// Offsets stored for all groups together.
  size_t size() const { return size_; }

  void write(StateWriter& out) const;
  void read(StateReader& in);

 private:
  std::map<std::string, Topics, std::less<>> groups_;
  size_t size_ = 0;
};

}  // namespace holdfast::broker::coordinator
