#include "log/pending.h"

#include <algorithm>

#include "base/check.h"

namespace holdfast::log {
namespace {
constexpr size_t small_buffer_bytes = 64 << 10;
constexpr size_t large_buffer_bytes = (2 << 20) + (64 << 10);
constexpr size_t free_buffers_max = 4;
constexpr size_t ahead_batches_max = 8;  // so that the next sync has a bound, too
}  // namespace

std::byte* FlushBuffer::grow(size_t bytes) {
  if (size_ + bytes > capacity_) {
    // Memory costs something only once it is touched; copying what was there costs more.
    const size_t wanted =
        std::max(size_ + bytes,
                 size_ + bytes <= small_buffer_bytes ? small_buffer_bytes : large_buffer_bytes);
    auto larger = std::make_unique_for_overwrite<std::byte[]>(wanted);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), size_);
    data_ = std::move(larger);
    capacity_ = wanted;
  }
  std::byte* at = data_.get() + size_;
  size_ += bytes;
  return at;
}

void PendingQueue::resume(const SegmentPtr& segment, ByteView page) {
  const std::lock_guard lock(mutex_);
  current_.segment = segment;
  current_.end = segment->end;
  current_.file_offset = format::round_down(segment->used_bytes(), format::page_bytes);
  HOLDFAST_CHECK(page.size() == segment->used_bytes() - current_.file_offset);
  current_.bytes.clear();
  if (!page.empty()) std::memcpy(current_.bytes.grow(page.size()), page.data(), page.size());
  kept_bytes_ = page.size();
}

void PendingQueue::push(const SegmentPtr& segment, const format::FrameHeader& header,
                        std::span<const ByteView> body) {
  std::byte encoded[format::frame_header_bytes];
  format::encode(header, body, encoded);
  const uint64_t bytes = format::frame_bytes(header.body_bytes);
  Wake wake;
  {
    const std::lock_guard lock(mutex_);
    const bool full = has_frames_locked() && current_.bytes.size() + bytes > flush_bytes_max_;
    if (full || current_.segment != segment) cut_locked(segment);
    std::byte* at = current_.bytes.grow(bytes);
    std::byte* const frame_end = at + bytes;
    std::memcpy(at, encoded, sizeof encoded);
    at += sizeof encoded;
    for (const ByteView part : body) {
      if (!part.empty()) std::memcpy(at, part.data(), part.size());
      at += part.size();
    }
    std::fill(at, frame_end, std::byte{0});
    current_.end = {header.position.value + bytes};
    wake = wake_locked();
  }
  notify(wake);
}

PendingQueue::Wake PendingQueue::wake_locked() {
  return {.writer = may_take_locked() && std::exchange(writer_sleeps_, false),
          .helper = may_take_ahead_locked() && std::exchange(helper_sleeps_, false)};
}

void PendingQueue::notify(Wake wake) {
  if (wake.writer) changed_.notify_one();
  if (wake.helper) ahead_changed_.notify_all();
}

void PendingQueue::hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void PendingQueue::release() {
  Wake wake;
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
    wake = wake_locked();
  }
  notify(wake);
}

void PendingQueue::cut_locked(const SegmentPtr& next_segment) {
  const bool has_frames = has_frames_locked();
  FlushBatch next;
  next.segment = next_segment;
  next.bytes = buffer_locked();
  kept_bytes_ = 0;
  if (next_segment == current_.segment) {
    const uint64_t end = current_.file_offset + current_.bytes.size();
    next.file_offset = format::round_down(end, format::page_bytes);
    kept_bytes_ = end - next.file_offset;
    const ByteView kept = current_.bytes.view().last(kept_bytes_);
    if (kept_bytes_ > 0) std::memcpy(next.bytes.grow(kept_bytes_), kept.data(), kept_bytes_);
  } else {
    next.file_offset = format::segment_header_bytes;
  }
  next.end = current_.end;
  FlushBatch done = std::exchange(current_, std::move(next));
  if (has_frames) full_.push_back(std::move(done));
}

FlushBuffer PendingQueue::buffer_locked() {
  if (free_.empty()) return {};
  FlushBuffer buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

std::optional<FlushBatch> PendingQueue::take_locked() {
  if (!may_take_locked()) return std::nullopt;
  if (full_.empty()) cut_locked(current_.segment);
  FlushBatch batch = std::move(full_.front());
  full_.pop_front();
  return batch;
}

std::optional<FlushBatch> PendingQueue::try_take() {
  const std::lock_guard lock(mutex_);
  return take_locked();
}

std::optional<FlushBatch> PendingQueue::try_take(const SegmentPtr& segment) {
  const std::lock_guard lock(mutex_);
  if (next_segment_locked() != segment) return std::nullopt;
  return take_locked();
}

std::optional<FlushBatch> PendingQueue::wait_take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (auto batch = take_locked()) return batch;
    if (stopped_) return std::nullopt;
    if (free_.size() > 1) free_.resize(1);  // an idle log keeps little memory
    writer_sleeps_ = true;
    changed_.wait(lock, [&] { return !writer_sleeps_ || stopped_; });
    writer_sleeps_ = false;
  }
}

void PendingQueue::give_back(FlushBuffer buffer) {
  const std::lock_guard lock(mutex_);
  give_back_locked(std::move(buffer));
}

void PendingQueue::give_back_locked(FlushBuffer buffer) {
  if (buffer.capacity() > 2 * flush_bytes_max_ || free_.size() >= free_buffers_max) return;
  buffer.clear();
  free_.push_back(std::move(buffer));
}

bool PendingQueue::may_take_ahead_locked() const {
  if (!ahead_segment_ || ahead_busy_ || ahead_.size() >= ahead_batches_max) return false;
  if (!may_take_locked() || next_segment_locked() != ahead_segment_) return false;
  return !full_.empty() || current_.bytes.size() - kept_bytes_ >= ahead_bytes_min_;
}

void PendingQueue::open_ahead(const SegmentPtr& segment) {
  Wake wake;
  {
    const std::lock_guard lock(mutex_);
    ahead_segment_ = segment;
    wake = wake_locked();
  }
  notify(wake);
}

std::deque<WrittenAhead> PendingQueue::close_ahead() {
  std::unique_lock lock(mutex_);
  ahead_segment_.reset();
  ahead_changed_.wait(lock, [&] { return !ahead_busy_; });
  return std::exchange(ahead_, {});
}

std::optional<FlushBatch> PendingQueue::try_take_ahead() {
  const std::lock_guard lock(mutex_);
  if (!may_take_ahead_locked()) return std::nullopt;
  ahead_busy_ = true;
  return take_locked();
}

std::optional<FlushBatch> PendingQueue::wait_take_ahead() {
  std::unique_lock lock(mutex_);
  while (!stopped_ && !may_take_ahead_locked()) {
    helper_sleeps_ = true;
    ahead_changed_.wait(lock, [&] { return !helper_sleeps_ || stopped_; });
    helper_sleeps_ = false;
  }
  if (stopped_) return std::nullopt;
  ahead_busy_ = true;
  return take_locked();
}

void PendingQueue::put_ahead(FlushBatch batch, Status written) {
  {
    const std::lock_guard lock(mutex_);
    if (written)
      give_back_locked(std::exchange(batch.bytes, {}));
    else
      ahead_segment_.reset();
    ahead_.push_back({std::move(batch), std::move(written)});
    ahead_busy_ = false;
  }
  ahead_changed_.notify_all();
}

bool PendingQueue::sleep(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [&] { return stopped_ || woken_; });
  woken_ = false;
  return stopped_;
}

void PendingQueue::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void PendingQueue::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  ahead_changed_.notify_all();
}

}  // namespace holdfast::log
