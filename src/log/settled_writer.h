#pragma once

#include "log/chunk.h"
#include "log/segment.h"

namespace holdfast::log {

/// Writes settled segments: new files, each written once from front to end, synced, with its index
/// beside it; past the page cache, which is for what is read. Nothing of it counts before the
/// manifest names it, so a failure or a crash at any point only leaves files that the next start
/// removes. One thread.
class SettledWriter {
 public:
  struct Plan {
    std::string folder;
    uint64_t segment_bytes = 0;  // of a file, at most, but for a single larger frame
    uint32_t generation = 0;     // never used in this folder before
    uint64_t next_number = 0;
    Position begin;  // of the first frame
  };

  SettledWriter(os::Files& files, Plan plan);

  /// Adds a frame; its body is copied. `expected` bytes of frames are still to come, this one
  /// included: so much space is taken at once, so that a full disk is known early.
  Status add(const FrameKey& key, ByteView body, uint64_t expected_bytes);
  /// The next frame begins a new file.
  Status cut();
  /// Makes the files and their names durable. Afterwards `take` has them.
  Status finish();
  std::vector<SegmentPtr> take() { return std::exchange(done_, {}); }
  uint64_t next_number() const { return plan_.next_number; }
  /// Removes what was written, for whoever gives up; as far as that works.
  void discard();

 private:
  Status begin_file(uint64_t frame_bytes, uint64_t expected_bytes);
  Status end_file();
  Status put(ByteView bytes);
  Status write_out();

  os::Files& files_;
  Plan plan_;
  SegmentPtr segment_;  // being written
  std::unique_ptr<os::File> file_;
  Chunk buffer_;
  size_t buffered_ = 0;
  uint64_t written_ = 0;  // file offset of what is in the buffer
  uint64_t unsynced_ = 0;
  std::vector<SegmentPtr> done_;
};

}  // namespace holdfast::log
