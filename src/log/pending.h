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

/// A batch that was written while the one before it was synced; where `written` is an error, it was
/// the last that was tried.
struct WrittenAhead {
  FlushBatch batch;
  Status written;
};

/// Between the owner, who appends, and the writer, who takes all that has queued meanwhile. The
/// owner fills one part of a chunk while the writer writes another.
///
/// While the writer syncs, its helper may take what queues for the same segment and write it
/// already. The helper works only between `open_ahead` and `close_ahead`, and the writer writes
/// nothing between them.
class PendingQueue {
 public:
  /// The helper is not woken for less than `ahead_bytes_min`: that much is written as quickly by
  /// the writer, once its sync is done.
  PendingQueue(Recent& recent, uint64_t flush_bytes_max, uint64_t ahead_bytes_min)
      : recent_(recent), flush_bytes_max_(flush_bytes_max), ahead_bytes_min_(ahead_bytes_min) {}

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
  /// Writer: the same, if it is for this segment.
  std::optional<FlushBatch> try_take(const SegmentPtr& segment);
  /// Writer: waits for one; nothing means: stopped, and all was taken.
  std::optional<FlushBatch> wait_take();
  /// Writer: sleeps that long, or less if `wake` or `stop` is called. Answers whether `stop` was.
  bool sleep(std::chrono::milliseconds time);

  /// Writer: begins to sync `segment`.
  void open_ahead(const SegmentPtr& segment);
  /// Writer: has synced. Waits for the helper's last write; answers what it wrote, in order.
  std::deque<WrittenAhead> close_ahead();
  /// Helper: the next batch to write ahead, if there is one now.
  std::optional<FlushBatch> try_take_ahead();
  /// Helper: waits for one; nothing means: stopped.
  std::optional<FlushBatch> wait_take_ahead();
  /// Helper: what became of it.
  void put_ahead(FlushBatch batch, Status written);

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
  bool may_take_ahead_locked() const;
  /// Who sleeps and has something to take now.
  struct Wake {
    bool writer, helper;
  };
  Wake wake_locked();
  void notify(Wake wake);
  const SegmentPtr& next_segment_locked() const {
    return full_.empty() ? current_.segment : full_.front().segment;
  }
  bool has_frames_locked() const { return current_.size > kept_bytes_; }

  Recent& recent_;
  const uint64_t flush_bytes_max_;
  const uint64_t ahead_bytes_min_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FlushBatch> full_;
  FlushBatch current_;
  size_t kept_bytes_ = 0;  // of current_: written before
  std::condition_variable ahead_changed_;
  std::deque<WrittenAhead> ahead_;
  SegmentPtr ahead_segment_;  // being synced; nothing: the helper may take nothing
  bool ahead_busy_ = false;
  bool helper_sleeps_ = false;
  bool writer_sleeps_ = false;
  bool held_ = false;
  bool woken_ = false;
  bool stopped_ = false;
};

}  // namespace holdfast::log
