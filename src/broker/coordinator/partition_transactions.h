#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "broker/coordinator/state_bytes.h"

namespace holdfast::broker::coordinator {

/// A transaction that left records in a partition, and aborted.
struct AbortedRange {
  int64_t producer_id = -1;
  int64_t first_offset = -1;
  int64_t last_offset = -1;    // of the marker
  int64_t stable_offset = -1;  // the last stable offset once it had ended
};

/// What one partition knows of transactions: which are open, and which records are to be skipped by
/// a reader of committed records. Changed only as batches and markers are replayed.
class PartitionTransactions {
 public:
  /// A transactional batch begins at `offset`.
  void wrote(int64_t producer_id, int64_t offset);
  /// A marker is at `offset`.
  void ended(int64_t producer_id, int64_t offset, bool committed);
  /// Nothing is left of aborted transactions whose marker lies below it: readers cannot come there
  /// any more, or compaction took the records away.
  void forget_aborted_below(int64_t offset);
  bool any_aborted_below(int64_t offset) const {
    return !aborted_.empty() && aborted_.front().last_offset < offset;
  }

  /// The first offset of the oldest open transaction.
  std::optional<int64_t> first_open() const;
  /// Where this producer's open transaction begins.
  std::optional<int64_t> open_since(int64_t producer_id) const;
  /// Calls `visit` with each aborted range that has records in [from, below).
  template <class Visit>
  void for_aborted(int64_t from, int64_t below, Visit visit) const {
    for (auto range = first_ending_at(from); range != aborted_.end(); ++range) {
      if (range->first_offset < below) visit(*range);
      if (range->stable_offset >= below) break;  // all later ones begin behind it
    }
  }
  bool empty() const { return open_.empty() && aborted_.empty(); }

  void write(StateWriter& out) const;
  void read(StateReader& in);

 private:
  std::vector<AbortedRange>::const_iterator first_ending_at(int64_t offset) const;

  std::map<int64_t, int64_t> open_;  // first offset: producer id
  std::unordered_map<int64_t, int64_t> first_offsets_;
  std::vector<AbortedRange> aborted_;  // by last offset
};

}  // namespace holdfast::broker::coordinator
