#pragma once

#include "log/chunk.h"
#include "log/segment.h"

namespace holdfast::log {

struct ReadFrame {
  FrameKey key;
  ByteView body;  // good until the next read
};

/// Reads single frames of sealed segments by plain reads, so that neither mappings nor the owner's
/// thread are needed; each is checked whole. Frames that lie close together cost one read, and go
/// through the page cache only where they are small and scattered. One thread.
class FrameReader {
 public:
  explicit FrameReader(os::Files& files);

  /// `corrupt` when it is not the whole, right frame.
  Result<ReadFrame> read(const Segment& segment, const IndexEntry& entry, PartitionId partition);
  /// Closes the files.
  void forget();

 private:
  Result<ByteView> view(const Segment& segment, uint64_t offset, uint64_t bytes);
  Status fill(const Segment& segment, uint64_t offset, uint64_t bytes);

  static constexpr size_t files_max = 64;
  os::Files& files_;
  std::vector<std::pair<const Segment*, std::unique_ptr<os::File>>> open_;
  const Segment* window_of_ = nullptr;
  uint64_t window_begin_ = 0;
  uint64_t window_filled_ = 0;
  Chunk window_;
};

}  // namespace holdfast::log
