#include "log/frame_reader.h"

#include <algorithm>

#include "log/folder.h"

namespace holdfast::log {
namespace {

constexpr uint64_t window_bytes = 16 << 10;

}  // namespace

void FrameReader::forget() {
  open_.clear();
  window_of_ = nullptr;
}

Result<ByteView> FrameReader::view(const Segment& segment, uint64_t offset, uint64_t bytes) {
  const bool there = window_of_ == &segment && offset >= window_begin_ &&
                     offset + bytes <= window_begin_ + window_filled_;
  if (!there) {
    auto found = std::ranges::find(open_, &segment, [](const auto& each) { return each.first; });
    if (found == open_.end()) {
      if (open_.size() >= files_max) open_.erase(open_.begin());
      open_.emplace_back(&segment, HOLDFAST_TRY(files_.open(segment.path, os::OpenMode::read)));
      found = std::prev(open_.end());
    }
    const uint64_t wanted = std::min(std::max(bytes, window_bytes),
                                     std::max(segment.header.file_bytes, offset) - offset);
    if (window_.size() < wanted) window_.resize(wanted);
    window_of_ = nullptr;
    window_filled_ =
        HOLDFAST_TRY(found->second->read_at(offset, MutableBytes(window_).first(wanted)));
    window_begin_ = offset;
    window_of_ = &segment;
  }
  const uint64_t from = offset - window_begin_;
  return ByteView(window_).subspan(from, std::min(bytes, window_filled_ - from));
}

Result<ReadFrame> FrameReader::read(const Segment& segment, const IndexEntry& entry,
                                    PartitionId partition) {
  const uint64_t offset = entry.file_offset();
  const uint64_t bytes = format::frame_bytes(entry.body_bytes);
  const ByteView frame = HOLDFAST_TRY(view(segment, offset, bytes));
  const auto header =
      frame.size() == bytes ? format::decode_frame_header(frame.data()) : std::nullopt;
  if (!header || header->generation != segment.header.generation ||
      header->position != segment.header.position_at(offset) ||
      header->body_bytes != entry.body_bytes || header->key.partition != partition ||
      header->key.last_offset != entry.last_offset || !format::frame_checks(frame)) {
    return fail(ErrorCode::corrupt,
                describe_place(segment.path, segment.header.position_at(offset), offset) +
                    ": not the frame that the index names");
  }
  return ReadFrame{header->key, frame.subspan(format::frame_header_bytes, entry.body_bytes)};
}

}  // namespace holdfast::log
