#include "log/scan.h"

#include <algorithm>
#include <fmt/core.h>

namespace holdfast::log {
namespace {
constexpr uint64_t window_bytes = 1 << 20;
}

SegmentScanner::SegmentScanner(os::File& file, const format::SegmentHeader& header)
    : file_(file), header_(header) {
  if (const auto size = file.size()) file_bytes_ = std::min(*size, header.file_bytes);
}

/// Up to `bytes` from `offset`; fewer only at the end of the file.
Result<ByteView> SegmentScanner::view(uint64_t offset, uint64_t bytes) {
  bytes = offset < file_bytes_ ? std::min(bytes, file_bytes_ - offset) : 0;
  if (offset < window_begin_ || offset + bytes > window_begin_ + window_filled_) {
    const uint64_t wanted = std::min(std::max(bytes, window_bytes), file_bytes_ - offset);
    if (window_.size() < wanted) window_.resize(wanted);
    window_filled_ = HOLDFAST_TRY(file_.read_at(offset, MutableBytes(window_).first(wanted)));
    window_begin_ = offset;
    bytes = std::min(bytes, window_filled_);
  }
  return ByteView(window_).subspan(offset - window_begin_, bytes);
}

Result<std::optional<ScannedFrame>> SegmentScanner::frame_at(uint64_t offset) {
  const ByteView head = HOLDFAST_TRY(view(offset, format::frame_header_bytes));
  if (head.size() < format::frame_header_bytes) return std::nullopt;
  const auto header = format::decode_frame_header(head.data());
  if (!header || header->generation != header_.generation ||
      header->position != header_.position_at(offset)) {
    return std::nullopt;
  }
  const uint64_t bytes = format::frame_bytes(header->body_bytes);
  if (bytes > file_bytes_ - offset) return std::nullopt;
  const ByteView frame = HOLDFAST_TRY(view(offset, bytes));
  if (frame.size() < bytes || !format::frame_checks(frame)) return std::nullopt;
  return ScannedFrame{.header = *header,
                      .begin = header->position,
                      .end = {header->position.value + bytes},
                      .body = frame.subspan(format::frame_header_bytes, header->body_bytes)};
}

Result<std::optional<ScannedFrame>> SegmentScanner::next() {
  auto frame = HOLDFAST_TRY(frame_at(offset_));
  if (frame) offset_ += frame->end.value - frame->begin.value;
  return frame;
}

Result<TailSearch> SegmentScanner::search_tail() {
  TailSearch found;
  uint64_t offset = offset_;
  while (offset + format::frame_header_bytes <= file_bytes_) {
    const ByteView bytes = HOLDFAST_TRY(view(offset, window_bytes));
    if (bytes.size() < format::frame_header_bytes) break;
    const uint64_t last = bytes.size() - format::frame_header_bytes;
    uint64_t at = 0;
    auto is_trace = [&] {
      return load_le<uint32_t>(bytes.data() + at) == format::frame_magic &&
             load_le<uint32_t>(bytes.data() + at + 12) == header_.generation;
    };
    while (at <= last && !is_trace()) at += format::frame_alignment;
    offset += at;
    if (at > last) continue;
    found.traces_end = offset + format::frame_header_bytes;
    const auto frame = HOLDFAST_TRY(frame_at(offset));
    if (frame) found.durable_before = std::max(found.durable_before, frame->header.durable_before);
    offset += format::frame_alignment;
  }
  return found;
}

Result<format::SegmentHeader> read_segment_header(os::File& file, const std::string& path) {
  ByteBuffer page(format::segment_header_bytes);
  page.resize(HOLDFAST_TRY(file.read_at(0, page)));
  auto header = format::decode_segment_header(page);
  if (header) return header;
  const bool unknown = header.error().code == ErrorCode::version_unknown;
  return fail(unknown ? ErrorCode::version_unknown : ErrorCode::corrupt,
              fmt::format("{}: segment header: {}", path, header.error().message));
}

}  // namespace holdfast::log
