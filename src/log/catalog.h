#pragma once

#include <array>
#include <deque>
#include <unordered_map>

#include "log/recent.h"
#include "log/segment.h"

namespace holdfast::log {

/// What a partition has that was not compacted yet.
struct Dirt {
  uint64_t clean_bytes = 0;
  uint64_t ready_bytes = 0;             // dirty, where the cleaner can have it
  uint64_t later_bytes = 0;             // dirty, but not yet sealed, or above the last checkpoint
  int64_t ready_oldest_ms = INT64_MAX;  // timestamps of the first dirty batch there
  int64_t later_oldest_ms = INT64_MAX;
  int64_t held_back_ms = INT64_MAX;  // of the first that is too young
};

/// Finds frames: which segments there are, in order, and what each partition has in them. Settled
/// segments come before those that are as they were written; along that order the offsets of a
/// partition never go back. Costs a little memory for each partition and for each segment, but none
/// for the pairs of them: directories and entries are in the index files, but for the newest
/// segments.
///
/// Also keeps account of what is live: a frame whose last offset was released is dead.
///
/// Owner's thread only. Frames at or above `durable`, an argument everywhere, are not found.
class Catalog {
 public:
  Catalog(os::Files& files, const Recent& recent) : files_(files), recent_(recent) {}

  /// Adds the next segment with what its index holds.
  void add_segment(const SegmentPtr& segment);
  /// Adds a frame to the index of the last segment.
  void add_frame(const format::FrameHeader& frame);
  /// From now on the index file serves the segment, if it opens well.
  void install_index_file(const SegmentPtr& segment);
  /// Forgets the oldest segment of those that are as they were written.
  SegmentPtr drop_front();
  /// Adds a settled segment behind the other settled ones.
  void add_settled(const SegmentPtr& segment);
  /// Puts settled segments in the place of others: settled ones, or the oldest as they were
  /// written.
  void replace(const std::vector<SegmentPtr>& inputs, const std::vector<SegmentPtr>& outputs);

  const std::deque<SegmentPtr>& segments() const { return segments_; }
  const std::vector<SegmentPtr>& settled() const { return settled_; }
  int64_t live_from(PartitionId partition) const {
    const auto found = accounts_.find(partition);
    return found == accounts_.end() ? 0 : found->second.live_from;
  }
  uint64_t bytes_used() const { return bytes_used_; }

  /// Frames of the partition with a last offset below `from_offset` are dead.
  Status release(PartitionId partition, int64_t from_offset);
  /// Bodies of its live frames.
  uint64_t live_bytes(PartitionId partition) const;
  /// The partitions that have frames, dead or alive.
  std::vector<PartitionId> partitions() const;
  Result<DropPoint> drop_point(PartitionId partition, const Expiry& expiry, Position durable);
  /// What is dirty from an offset on and below another, and not after a time. Segments that end at
  /// or below `ready` can be cleaned.
  Result<Dirt> dirt(PartitionId partition, int64_t dirty_from, int64_t below, int64_t not_after_ms,
                    Position ready);
  /// The index of a sealed segment, for others to look into while the owner goes on.
  Result<std::shared_ptr<SegmentIndex>> shared_index(Segment& segment);

  Result<std::vector<Frame>> read(PartitionId partition, int64_t from_offset, uint64_t bytes_max,
                                  bool at_least_one, Position durable);
  Result<std::optional<Frame>> find_time(PartitionId partition, int64_t from_offset,
                                         int64_t timestamp_ms, Position durable);
  Result<std::optional<Frame>> find_max_timestamp(PartitionId partition, int64_t from_offset,
                                                  Position durable);
  /// Every frame of the owner's in [from, durable), whole and checked. `from` lies on a frame's
  /// begin.
  Status replay(Position from, Position durable, const std::function<Status(const Frame&)>& visit);

 private:
  struct Account {
    int64_t live_from = 0;
    uint64_t live_bytes = 0;
    uint32_t segments = 0;  // that hold frames of it
  };
  /// Where a reader of the partition goes on.
  struct Hint {
    PartitionId partition;
    int64_t offset = -1;
    uint64_t epoch = 0;
    size_t place = 0;
    int64_t ahead = 0;      // what is below it is being read from the disk already
    int64_t more_from = 0;  // the next part of it, once the reader has come here
  };

  size_t count() const { return settled_.size() + segments_.size(); }
  Segment& at(size_t place) const {
    return place < settled_.size() ? *settled_[place] : *segments_[place - settled_.size()];
  }
  void count_in(Segment& segment);
  /// The first segment that holds frames of the partition at or above the offset; `count()`: none.
  size_t first_place(PartitionId partition, int64_t from_offset);
  Hint& hint_for(PartitionId partition, int64_t offset);
  bool known(const Hint& hint, PartitionId partition, int64_t offset) const {
    return hint.epoch == epoch_ && hint.partition == partition && hint.offset == offset;
  }
  void read_ahead(Hint& hint, Position durable);
  Status ask_for(Segment& segment, std::span<const IndexEntry> entries);
  /// Those of them that are not in memory: the first ones.
  std::span<const IndexEntry> on_disk(const Segment& segment,
                                      std::span<const IndexEntry> entries) const;
  /// The entries at or above `from_offset`, and below `durable`, in this segment.
  Result<std::span<const IndexEntry>> entries(Segment& segment, PartitionId partition,
                                              int64_t from_offset, Position durable);
  Status check_index(Segment& segment);
  /// Bodies of the partition's frames in the segment with a last offset in [from, to).
  Result<uint64_t> bytes_between(Segment& segment, uint32_t slot, int64_t from, int64_t to);
  void forget(Segment& segment);

  Result<std::shared_ptr<const os::Mapping>> map(Segment& segment);
  /// `from_there`: the segment's bytes from `file_offset` on, or some of them.
  Result<Frame> frame_at(const Segment& segment, uint64_t file_offset, PinnedBytes from_there,
                         Position limit) const;
  Result<PinnedBytes> bytes_at(Segment& segment, uint64_t file_offset);
  Result<Frame> frame_of(Segment& segment, const IndexEntry& entry, PartitionId partition,
                         Position durable);

  os::Files& files_;
  const Recent& recent_;
  std::vector<SegmentPtr> settled_;
  std::deque<SegmentPtr> segments_;  // as they were written
  uint64_t bytes_used_ = 0;
  uint64_t epoch_ = 1;  // one more whenever places change
  std::unordered_map<PartitionId, Account> accounts_;
  std::vector<Hint> hints_ = std::vector<Hint>(1024);
  // Mappings used last, so that reading on does not map again, nor fault its pages in again: as
  // many as there are likely to be readers in different places. The rest live only as long as
  // frames pin them.
  std::array<std::shared_ptr<const os::Mapping>, 32> mapped_last_;
  size_t next_mapped_ = 0;
};

}  // namespace holdfast::log
