#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/coordinator/offsets.h"

namespace holdfast::broker::coordinator {

/// Offsets that groups have stored within transactions which are still open (KIP-98, KIP-447). They
/// count once their transaction commits. Only `replay`, `committed`,
/// `end` and `forget_topic` change them.
class PendingOffsets {
 public:
  void replay(int64_t producer_id, const OffsetsCommitted& record);
  /// Offsets of the group that were committed meanwhile are newer than those which are pending.
  void committed(const OffsetsCommitted& record);
  /// The transaction has ended; answers what is to be committed if it did so with a commit.
  std::vector<OffsetsCommitted> end(int64_t producer_id);
  void forget_topic(std::string_view topic);
  /// Offsets, or a whole group, were deleted: a later commit does not bring them back.
  void replay(const OffsetsForgotten& record);
  void replay(const GroupsForgotten& record);

  /// Whether the group's offset there is undecided (UNSTABLE_OFFSET_COMMIT).
  bool undecided(std::string_view group, std::string_view topic, int32_t partition) const;
  bool has_group(std::string_view group) const { return groups_.contains(group); }
  size_t size() const { return size_; }

  void write(StateWriter& out) const;
  void read(StateReader& in);

 private:
  struct Pending {
    CommittedOffset offset;
    bool outdated = false;
  };
  using Place = std::pair<std::string, int32_t>;  // topic, partition
  using Places = std::map<Place, Pending>;
  using Producers = std::map<int64_t, Places>;

  std::map<std::string, Producers, std::less<>> groups_;
  size_t size_ = 0;
};

}  // namespace holdfast::broker::coordinator
