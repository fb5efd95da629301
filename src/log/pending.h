#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "log/recent.h"
#include "log/segment.h"

namespace holdfast::log {

/// What one write and one sync make durable: whole pages of one segment. It begins with the bytes
/// of the page that the write before ended in, so that a partial page is never read back from the
/// disk.
struct FlushBatch {
  SegmentPtr segment;
  uint64_t file_offset = 0;  // a multiple of the page size
  ChunkPtr chunk;
  size_t place = 0;  // in the chunk; a multiple of the page size
  size_t size = 0;
  Position begin;  // of its first frame
  Position end;

  bool has_room(size_t more) const { return chunk && place + size + more <= chunk->size(); }
  ByteView bytes() const { return chunk ? ByteView(chunk->data() + place, size) : ByteView(); }
};

/// Between the owner, who appends, and the writer, who takes all that has queued meanwhile. The
/// owner fills one part of a chunk while the writer writes another.
class PendingQueue {
 public:
  PendingQueue(Recent& recent, uint64_t flush_bytes_max)
      : recent_(recent), flush_bytes_max_(flush_bytes_max) {}

  /// Owner: where the log goes on after a restart: `page` is the begun page of `segment`.
  void resume(const SegmentPtr& segment, ByteView page);
  /// Owner: queues a frame for `segment`, whose end it must be. Wakes the writer if it sleeps.
  void push(const SegmentPtr& segment, const format::FrameHeader& header,
            std::span<const ByteView> body);
  /// Owner: what is pushed from now on waits for `release`; full batches do not.
  void hold();
  void release();

  /// Writer: the next batch, if there is one.
  std::optional<FlushBatch> try_take();
  /// Writer: waits for one; nothing means: stopped, and all was taken.
  std::optional<FlushBatch> wait_take();
  /// Writer: sleeps that long, or less if `wake` or `stop` is called. Answers whether `stop` was.
  bool sleep(std::chrono::milliseconds time);

  void wake();
  void stop();

 private:
  std::optional<FlushBatch> take_locked();
  /// Room at the end of the current batch; moves it to another chunk where this one is full.
  std::byte* grow_locked(size_t bytes);
  /// Closes the current batch; the next begins with the page that it ended in, or with a new
  /// segment.
  void cut_locked(const SegmentPtr& next_segment);
  bool may_take_locked() const { return !full_.empty() || (!held_ && has_frames_locked()); }
  /// Whether the writer is to be woken.
  bool wake_locked();
  bool has_frames_locked() const { return current_.size > kept_bytes_; }

  Recent& recent_;
  const uint64_t flush_bytes_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FlushBatch> full_;
  FlushBatch current_;
  size_t kept_bytes_ = 0;  // of current_: written before
  bool writer_sleeps_ = false;
  bool held_ = false;
  bool woken_ = false;
  bool stopped_ = false;
};

}  // namespace holdfast::log
