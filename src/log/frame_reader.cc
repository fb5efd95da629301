#include "log/frame_reader.h"

#include <algorithm>

#include "log/folder.h"

namespace holdfast::log {
namespace {

/// Of frames here and there; who reads on from the last ones gets more and more at a time.
constexpr uint64_t window_bytes_min = 16 << 10;
constexpr uint64_t window_bytes_max = 1 << 20;
/// Such reads go through the page cache: what else is in it is wanted soon, for other partitions.
constexpr uint64_t cached_bytes_max = 32 << 10;

}  // namespace

FrameReader::FrameReader(os::Files& files) : files_(files), window_(window_bytes_max) {}

void FrameReader::forget() {
  open_.clear();
  window_of_ = nullptr;
}

Result<ByteView> FrameReader::view(const Segment& segment, uint64_t offset, uint64_t bytes) {
  const uint64_t window_end = window_begin_ + window_filled_;
  const bool goes_on = window_of_ == &segment && offset >= window_begin_ && offset <= window_end;
  if (!goes_on || offset + bytes > window_end) {
    const uint64_t most =
        goes_on ? std::min(2 * window_filled_, window_bytes_max) : window_bytes_min;
    HOLDFAST_CHECKED(fill(segment, offset, std::max(bytes, most)));
  }
  const uint64_t from = std::min(offset - window_begin_, window_filled_);
  return ByteView(window_.data() + from, std::min(bytes, window_filled_ - from));
}

/// With the whole pages in which these bytes lie, as far as there is a file.
Status FrameReader::fill(const Segment& segment, uint64_t offset, uint64_t bytes) {
  auto found = std::ranges::find(open_, &segment, [](const auto& each) { return each.first; });
  if (found == open_.end()) {
    if (open_.size() >= files_max) open_.erase(open_.begin());
    open_.emplace_back(&segment, HOLDFAST_TRY(files_.open(segment.path, os::OpenMode::read)));
    found = std::prev(open_.end());
  }
  window_of_ = nullptr;
  window_begin_ =
      format::round_down(std::min(offset, segment.header.file_bytes), format::page_bytes);
  const uint64_t end =
      std::min(format::round_up(offset + bytes, format::page_bytes), segment.header.file_bytes);
  if (end - window_begin_ > window_.size()) window_ = Chunk(end - window_begin_);
  const MutableBytes to(window_.data(), end - window_begin_);
  os::File& file = *found->second;
  window_filled_ = HOLDFAST_TRY(to.size() > cached_bytes_max ? file.read_pages(window_begin_, to)
                                                             : file.read_at(window_begin_, to));
  window_of_ = &segment;
  return {};
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
