#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "log/segment.h"

namespace holdfast::log {

/// Bytes that grow without being zeroed first.
class FlushBuffer {
 public:
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  std::byte* data() { return data_.get(); }
  ByteView view() const { return {data_.get(), size_}; }
  /// Room for `bytes` more, at the end; their values are the caller's to set.
  std::byte* grow(size_t bytes);
  void clear() { size_ = 0; }
  void release() { data_.reset(), size_ = capacity_ = 0; }

 private:
  std::unique_ptr<std::byte[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

/// What one write and one sync make durable: whole pages of one segment. It begins with the bytes
/// of the page that the write before ended in, so that a partial page is never read back from the
/// disk.
struct FlushBatch {
  SegmentPtr segment;
  uint64_t file_offset = 0;  // a multiple of the page size
  FlushBuffer bytes;
  Position end;
};

/// A batch that was written while the one before it was synced; where `written` is an error, it was
/// the last that was tried.
struct WrittenAhead {
  FlushBatch batch;
  Status written;
};

/// Between the owner, who appends, and the writer, who takes all that has queued meanwhile. The
/// owner fills one buffer while the writer has another; buffers go round and round, so that an
/// append allocates nothing.
///
/// While the writer syncs, its helper may take what queues for the same segment and write it
/// already: the disk is waited for and the page cache filled at the same time. The helper works
/// only between `open_ahead` and `close_ahead`, and the writer writes nothing between them.
class PendingQueue {
 public:
  /// The helper is not woken for less than `ahead_bytes_min`: that much is written as quickly by
  /// the writer, once its sync is done.
  PendingQueue(uint64_t flush_bytes_max, uint64_t ahead_bytes_min)
      : flush_bytes_max_(flush_bytes_max), ahead_bytes_min_(ahead_bytes_min) {}

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
  /// Writer: gives the buffer back.
  void give_back(FlushBuffer buffer);
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
  FlushBuffer buffer_locked();
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
  void give_back_locked(FlushBuffer buffer);
  bool has_frames_locked() const { return current_.bytes.size() > kept_bytes_; }

  const uint64_t flush_bytes_max_;
  const uint64_t ahead_bytes_min_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FlushBatch> full_;
  FlushBatch current_;
  size_t kept_bytes_ = 0;  // of current_: written before
  std::vector<FlushBuffer> free_;
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
