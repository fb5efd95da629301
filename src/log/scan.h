#pragma once

#include "log/format.h"

namespace holdfast::log {

/// A frame as found in a segment file. `body` is good until the next call to the scanner.
struct ScannedFrame {
  format::FrameHeader header;
  Position begin;
  Position end;
  ByteView body;
};

/// What lies behind the first place of a segment that is not a frame.
struct TailSearch {
  /// The greatest `durable_before` of any later whole frame of this life of the segment: above the
  /// bad place it proves that the bad place had been durable, so that it is damage and not a torn
  /// tail.
  Position durable_before;
  /// The file offset behind the last trace of such a frame, whole or not; 0 if there is none.
  uint64_t traces_end = 0;
};

/// Reads the frames of one segment file in order, by plain reads: an unreadable sector is an error,
/// not a signal. Never writes. One thread.
class SegmentScanner {
 public:
  SegmentScanner(os::File& file, const format::SegmentHeader& header);

  /// The next frame, or nothing at the first place that is not a whole frame of this segment's
  /// life.
  Result<std::optional<ScannedFrame>> next();

  /// Where the next frame would begin.
  uint64_t offset() const { return offset_; }
  Position position() const { return header_.position_at(offset_); }

  /// Looks through all the rest of the file behind a place where `next` found nothing.
  Result<TailSearch> search_tail();

 private:
  Result<ByteView> view(uint64_t offset, uint64_t bytes);
  Result<std::optional<ScannedFrame>> frame_at(uint64_t offset);

  os::File& file_;
  format::SegmentHeader header_;
  uint64_t file_bytes_ = 0;  // really there; may be less than the header says
  uint64_t offset_ = format::segment_header_bytes;
  ByteBuffer window_;
  uint64_t window_begin_ = 0;
  uint64_t window_filled_ = 0;
};

/// Reads and checks the header of a segment file. Not a header: `corrupt`, naming the path.
Result<format::SegmentHeader> read_segment_header(os::File& file, const std::string& path);

}  // namespace holdfast::log
