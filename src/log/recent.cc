#include "log/recent.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "log/format.h"

namespace holdfast::log {
namespace {
constexpr size_t spares_max = 2;
}  // namespace

/// Chunks that nobody reads any more: memory that was touched before costs less than any other.
class Recent::Spares : public std::enable_shared_from_this<Spares> {
 public:
  explicit Spares(size_t usual_bytes) : usual_bytes_(usual_bytes) {}

  ChunkPtr take(size_t bytes) {
    std::unique_ptr<Chunk> chunk = bytes == usual_bytes_ ? take_spare() : nullptr;
    if (!chunk) chunk = std::make_unique<Chunk>(bytes);
    out_bytes_ += chunk->size();
    return {chunk.release(), [self = shared_from_this()](Chunk* done) { self->put(done); }};
  }

  /// Of chunks that somebody has.
  size_t out_bytes() const { return out_bytes_; }

 private:
  std::unique_ptr<Chunk> take_spare() {
    const std::lock_guard lock(mutex_);
    if (spares_.empty()) return nullptr;
    auto chunk = std::move(spares_.back());
    spares_.pop_back();
    return chunk;
  }
  void put(Chunk* done) {
    std::unique_ptr<Chunk> chunk(done);
    out_bytes_ -= chunk->size();
    const std::lock_guard lock(mutex_);
    if (spares_.size() < spares_max && chunk->size() == usual_bytes_)
      spares_.push_back(std::move(chunk));
  }

  const size_t usual_bytes_;
  std::atomic<size_t> out_bytes_ = 0;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Chunk>> spares_;
};

Recent::Recent(size_t bytes_max, size_t chunk_bytes)
    : bytes_max_(bytes_max),
      chunk_bytes_(chunk_bytes),
      spares_(std::make_shared<Spares>(chunk_bytes)) {}

ChunkPtr Recent::chunk(size_t bytes) {
  const size_t size = std::max(chunk_bytes_, format::round_up(bytes, format::page_bytes));
  const std::lock_guard lock(mutex_);
  while (!held_.empty() && bytes_ + size > bytes_max_) {
    bytes_ -= held_.front().chunk->size();
    held_.pop_front();
  }
  held_.push_back({spares_->take(size), {}});
  bytes_ += held_.back().chunk->size();
  return held_.back().chunk;
}

void Recent::add(Position begin, Position end, uint64_t file_offset, ByteView bytes) {
  const std::lock_guard lock(mutex_);
  HOLDFAST_CHECK(!held_.empty());
  held_.back().spans.push_back({begin, end, file_offset, bytes});
}

size_t Recent::bytes_held() const {
  return spares_->out_bytes();
}

bool Recent::too_much_held() const {
  return bytes_held() > 2 * bytes_max_;
}

std::optional<PinnedBytes> Recent::find(Position position, uint64_t file_offset) const {
  if (too_much_held()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  for (auto held = held_.rbegin(); held != held_.rend(); ++held) {
    if (held->spans.empty() || held->spans.front().begin > position) continue;
    const auto behind = std::ranges::upper_bound(held->spans, position, {}, &Span::begin);
    const Span& span = *std::prev(behind);
    if (position >= span.end) return std::nullopt;
    return PinnedBytes{held->chunk, span.bytes.subspan(file_offset - span.file_offset)};
  }
  return std::nullopt;
}

Position Recent::begin() const {
  const std::lock_guard lock(mutex_);
  for (const Held& held : held_)
    if (!held.spans.empty() && !too_much_held()) return held.spans.front().begin;
  return {UINT64_MAX};
}

}  // namespace holdfast::log
