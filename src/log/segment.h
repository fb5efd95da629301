#pragma once

#include "log/index.h"

namespace holdfast::log {

/// One segment of the log. Shared by the owner's thread, which plans it, fills its index and reads
/// it, and by the writer and the housekeeper, which only look at `header` and `path` and, once it
/// is sealed, at `end` and `hot`.
struct Segment {
  format::SegmentHeader header;
  std::string path;
  std::string index_path;
  Position end;  // behind its last frame; final once the next segment is planned
  bool of_this_run =
      false;  // this process wrote it and knows what it wrote: not checked on reading

  int64_t ready_since_ms = -1;  // owner's thread only; when the cleaner could first have it
  bool unreadable = false;      // owner's thread only; the cleaner found it damaged
  uint64_t body_bytes = 0;      // owner's thread only; of its batch frames
  uint64_t live_bytes = 0;      // those of them that nobody has released

  std::shared_ptr<HotIndex> hot;            // until the index file is there
  std::shared_ptr<IndexFile> index_file;    // owner's thread only
  std::weak_ptr<const os::Mapping> mapped;  // owner's thread only; the frames handed out hold it

  bool settled() const { return header.settled(); }
  /// One whose index others may look into while the owner goes on.
  std::shared_ptr<SegmentIndex> shared_index() const {
    if (hot) return hot;
    return index_file;
  }
  SegmentIndex& index() const {
    return hot ? static_cast<SegmentIndex&>(*hot) : static_cast<SegmentIndex&>(*index_file);
  }
  uint64_t used_bytes() const { return header.offset_of(end); }
  bool has_room(uint64_t frame) const {
    return used_bytes() - format::segment_header_bytes + frame <=
           format::frames_max_bytes(header.file_bytes);
  }
};
using SegmentPtr = std::shared_ptr<Segment>;

}  // namespace holdfast::log
