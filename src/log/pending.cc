#include "log/pending.h"

#include <algorithm>

#include "base/check.h"

namespace holdfast::log {

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
  bool wake = false;
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
  if (wake) changed_.notify_one();
}

bool PendingQueue::wake_locked() {
  return may_take_locked() && std::exchange(writer_sleeps_, false);
}

void PendingQueue::hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
}

void PendingQueue::release() {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    held_ = false;
    wake = wake_locked();
  }
  if (wake) changed_.notify_one();
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
}

}  // namespace holdfast::log
