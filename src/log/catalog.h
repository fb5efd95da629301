#pragma once

#include <array>
#include <deque>
#include <unordered_map>

#include "log/segment.h"

namespace holdfast::log {

/// Finds frames: which segments there are, and in which of them each partition has frames. Costs 8
/// bytes of memory for each (segment, partition); the entries themselves are in the index files,
/// but for the newest segments.
///
/// Owner's thread only. Frames at or above `durable`, an argument everywhere, are not found.
class Catalog {
 public:
  Catalog(os::Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  /// Adds the next segment with what its index holds.
  void add_segment(const SegmentPtr& segment);
  /// Adds a frame to the index of the last segment.
  void add_frame(const format::FrameHeader& frame);
  /// From now on the index file serves the segment, if it opens well.
  void install_index_file(const SegmentPtr& segment);
  /// Forgets the oldest segment.
  SegmentPtr drop_front();

  const std::deque<SegmentPtr>& segments() const { return segments_; }
  uint64_t bytes_used() const { return bytes_used_; }

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
  /// One segment that holds frames of a partition, and where in its index.
  struct Ref {
    uint32_t segment;  // low bits of its sequence; `segment_of` finds it
    uint32_t slot;
  };
  Segment& segment_of(Ref ref) const;
  /// The entries at or above `from_offset`, and below `durable`, of this segment.
  Result<std::span<const IndexEntry>> entries(Ref ref, int64_t from_offset, Position durable);
  /// The refs of the partition that can hold `from_offset` or more.
  Result<std::span<const Ref>> refs_from(PartitionId partition, int64_t from_offset);
  Status check_index(Segment& segment);

  Result<std::shared_ptr<const os::Mapping>> map(Segment& segment);
  Result<Frame> frame_at(const Segment& segment, const std::shared_ptr<const os::Mapping>& mapping,
                         uint64_t file_offset, Position limit) const;
  Result<Frame> frame_of(Ref ref, const IndexEntry& entry, PartitionId partition, Position durable);

  os::Files& files_;
  const std::string folder_;
  std::deque<SegmentPtr> segments_;
  uint64_t bytes_used_ = 0;
  std::unordered_map<PartitionId, std::vector<Ref>> partitions_;
  // Mappings used last, so that reading on does not map again; the rest live only as long as frames
  // pin them.
  std::array<std::shared_ptr<const os::Mapping>, 8> recent_;
  size_t next_recent_ = 0;
};

}  // namespace holdfast::log
