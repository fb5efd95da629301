#pragma once

#include "log/folder.h"
#include "log/segment.h"

namespace holdfast::log {

/// What a log folder holds, and where its durable end is.
struct Recovered {
  bool fresh = false;                // an empty folder
  std::vector<SegmentPtr> segments;  // in order; the last one goes on
  format::Manifest manifest;
  std::vector<SegmentPtr> settled;    // as the manifest says, in its order
  std::vector<SegmentPtr> unindexed;  // sealed ones whose index had to be rebuilt
  std::unique_ptr<os::File> active_file;
  ByteBuffer begun_page;  // of the last segment: the bytes of the page that the log ends in
  Position end;
  bool needs_mark = false;  // frames came after the last mark
  uint32_t next_generation = 1;
  StoredCheckpoint checkpoint;
  std::vector<std::string> spares;  // paths of files ready for use
  uint64_t next_spare = 0;
  std::vector<std::string> garbage;  // paths to be removed before the writer starts
};

/// Finds the durable end of the log and makes it certain: what counts as the log afterwards has
/// been synced by this call, and a torn tail is zeroed on disk, so that it can never come back.
/// `corrupt` when something that had been durable is missing or damaged; nothing was written then.
/// The caller holds the folder's lock.
Result<Recovered> recover(os::Files& files, const std::string& folder, uint64_t segment_bytes);

/// The settled segment that the manifest names, without its index. `corrupt` when it is not there.
Result<SegmentPtr> open_settled_segment(os::Files& files, const std::string& folder,
                                        const format::Manifest::Settled& entry);

/// Scans a sealed segment and fills its index. `corrupt` when its frames do not reach its end.
Result<std::shared_ptr<HotIndex>> rebuild_index(os::Files& files, const Segment& segment);

/// Adds the frame to the index if it is a batch.
void index_frame(HotIndex& index, const format::SegmentHeader& segment,
                 const format::FrameHeader& frame);

}  // namespace holdfast::log
