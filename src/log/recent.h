#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "log/chunk.h"
#include "log/log.h"

namespace holdfast::log {

using ChunkPtr = std::shared_ptr<Chunk>;

/// Bytes in memory, and what keeps them there.
struct PinnedBytes {
  std::shared_ptr<const void> pin;
  ByteView bytes;
};

/// The end of the log, as it was gathered in memory. The log is written past the page cache, so
/// this is where those find it who read what has just been written; whoever is further behind reads
/// from the disk. Any thread.
class Recent {
 public:
  /// Keeps at most `bytes_max`, or the last chunk; `chunk_bytes` is a multiple of the page size.
  Recent(size_t bytes_max, size_t chunk_bytes);

  /// A chunk with room for `bytes`. The oldest ones are forgotten for it.
  ChunkPtr chunk(size_t bytes);
  /// Frames in [begin, end) lie in `bytes` of the last chunk, which begins at `file_offset`.
  void add(Position begin, Position end, uint64_t file_offset, ByteView bytes);

  /// From the frame at `position`, which is at `file_offset`, on.
  std::optional<PinnedBytes> find(Position position, uint64_t file_offset) const;
  /// Every frame at or above it is here.
  Position begin() const;
  /// Memory of what is kept and of what readers still hold: at most twice `bytes_max`, and what is
  /// written after that.
  size_t bytes_held() const;

 private:
  /// What was written by one write.
  struct Span {
    Position begin;
    Position end;
    uint64_t file_offset;
    ByteView bytes;
  };
  struct Held {
    ChunkPtr chunk;
    std::vector<Span> spans;
  };
  class Spares;  // outlives this, for the readers' sake

  bool too_much_held() const;

  const size_t bytes_max_;
  const size_t chunk_bytes_;
  const std::shared_ptr<Spares> spares_;
  mutable std::mutex mutex_;
  std::deque<Held> held_;
  size_t bytes_ = 0;  // of held_
};

}  // namespace holdfast::log
