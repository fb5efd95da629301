#include "log/pending.h"

#include <algorithm>

#include "base/check.h"

namespace holdfast::log {
namespace {
constexpr size_t ahead_batches_max = 8;  // so that the next sync has a bound, too
}  // namespace

void PendingQueue::resume(const SegmentPtr& segment, ByteView page) {
  const std::lock_guard lock(mutex_);
  current_.segment = segment;
  current_.begin = current_.end = segment->end;
  current_.file_offset = format::round_down(segment->used_bytes(), format::page_bytes);
  HOLDFAST_CHECK(page.size() == segment->used_bytes() - current_.file_offset);
  if (!page.empty()) std::memcpy(grow_locked(page.size()), page.data(), page.size());
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
    const bool full = has_frames_locked() &&
                      (current_.size + bytes > flush_bytes_max_ || !current_.has_room(bytes));
    if (full || current_.segment != segment) cut_locked(segment);
    std::byte* at = grow_locked(bytes);
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

std::byte* PendingQueue::grow_locked(size_t bytes) {
  if (!current_.has_room(bytes)) {
    const FlushBatch before = current_;
    current_.chunk = recent_.chunk(before.size + bytes);
    current_.place = 0;
    if (before.size > 0) std::memcpy(current_.chunk->data(), before.bytes().data(), before.size);
  }
  std::byte* at = current_.chunk->data() + current_.place + current_.size;
  current_.size += bytes;
  return at;
}

void PendingQueue::cut_locked(const SegmentPtr& next_segment) {
  const bool has_frames = has_frames_locked();
  const uint64_t end = current_.file_offset + current_.size;
  const size_t padding = format::round_up(end, format::page_bytes) - end;
  if (padding > 0) std::memset(grow_locked(padding), 0, padding);
  FlushBatch done = current_;
  if (has_frames) recent_.add(done.begin, done.end, done.file_offset, done.bytes());
  current_ = {.segment = next_segment,
              .file_offset = format::segment_header_bytes,
              .chunk = done.chunk,
              .place = done.place + done.size,
              .size = 0,
              .begin = done.end,
              .end = done.end};
  kept_bytes_ = 0;
  if (next_segment == done.segment) {
    current_.file_offset = format::round_down(end, format::page_bytes);
    kept_bytes_ = end - current_.file_offset;
    const ByteView kept = done.bytes().subspan(current_.file_offset - done.file_offset);
    if (kept_bytes_ > 0) std::memcpy(grow_locked(kept_bytes_), kept.data(), kept_bytes_);
  }
  if (has_frames) full_.push_back(std::move(done));
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
    writer_sleeps_ = true;
    changed_.wait(lock, [&] { return !writer_sleeps_ || stopped_; });
    writer_sleeps_ = false;
  }
}

bool PendingQueue::may_take_ahead_locked() const {
  if (!ahead_segment_ || ahead_busy_ || ahead_.size() >= ahead_batches_max) return false;
  if (!may_take_locked() || next_segment_locked() != ahead_segment_) return false;
  return !full_.empty() || current_.size - kept_bytes_ >= ahead_bytes_min_;
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
    if (!written) ahead_segment_.reset();
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
