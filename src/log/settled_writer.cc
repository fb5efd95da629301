#include "log/settled_writer.h"

#include <algorithm>
#include <array>

#include "base/fault.h"
#include "log/recovery.h"

namespace holdfast::log {
namespace {

constexpr uint64_t write_bytes = 1 << 20;
/// Small enough that a sync of the log, which shares the disk, does not wait long behind it.
constexpr uint64_t sync_bytes = 4 << 20;

}  // namespace

SettledWriter::SettledWriter(os::Files& files, Plan plan)
    : files_(files), plan_(std::move(plan)), buffer_(write_bytes) {}

Status SettledWriter::add(const FrameKey& key, ByteView body, uint64_t expected_bytes) {
  const uint64_t bytes = format::frame_bytes(body.size());
  if (segment_ && segment_->used_bytes() + bytes > plan_.segment_bytes)
    HOLDFAST_CHECKED(end_file());
  if (!segment_) HOLDFAST_CHECKED(begin_file(bytes, expected_bytes));
  const format::FrameHeader header{.body_bytes = static_cast<uint32_t>(body.size()),
                                   .generation = plan_.generation,
                                   .position = segment_->end,
                                   .durable_before = segment_->header.begin,
                                   .key = key};
  std::array<std::byte, format::frame_header_bytes> encoded;
  format::encode(header, {&body, 1}, encoded.data());
  HOLDFAST_CHECKED(put(encoded));
  HOLDFAST_CHECKED(put(body));
  constexpr std::array<std::byte, format::frame_alignment> zeroes{};
  HOLDFAST_CHECKED(put(ByteView(zeroes).first(bytes - encoded.size() - body.size())));
  segment_->end.value += bytes;
  index_frame(*segment_->hot, segment_->header, header);
  return {};
}

Status SettledWriter::cut() {
  return segment_ ? end_file() : Status();
}

Status SettledWriter::begin_file(uint64_t frame_bytes, uint64_t expected_bytes) {
  auto segment = std::make_shared<Segment>();
  segment->header.sequence = plan_.next_number++;
  segment->header.generation = plan_.generation;
  segment->header.begin = segment->end = plan_.begin;
  segment->path = plan_.folder + "/" + format::settled_name(segment->header.sequence);
  segment->index_path = plan_.folder + "/" + format::settled_index_name(segment->header.sequence);
  segment->of_this_run = true;
  segment->hot = std::make_shared<HotIndex>();
  segment_ = std::move(segment);
  // One of a job that was not finished may be in the way.
  if (auto gone = files_.remove(segment_->path); !gone && gone.error().code != ErrorCode::not_found)
    return gone;
  file_ = HOLDFAST_TRY(files_.open(segment_->path, os::OpenMode::create_new));
  const uint64_t most =
      std::max(format::segment_header_bytes + frame_bytes,
               std::min(plan_.segment_bytes, format::segment_header_bytes + expected_bytes));
  written_ = format::segment_header_bytes;
  unsynced_ = 0;
  buffered_ = 0;
  return file_->allocate(format::round_up(most, format::page_bytes));
}

Status SettledWriter::put(ByteView bytes) {
  while (!bytes.empty()) {
    const size_t fit = std::min(bytes.size(), buffer_.size() - buffered_);
    std::ranges::copy(bytes.first(fit), buffer_.data() + buffered_);
    buffered_ += fit;
    bytes = bytes.subspan(fit);
    if (buffered_ == buffer_.size()) HOLDFAST_CHECKED(write_out());
  }
  return {};
}

/// Whole pages; the last one may have to be filled up.
Status SettledWriter::write_out() {
  const size_t bytes = format::round_up(buffered_, format::page_bytes);
  std::fill(buffer_.data() + buffered_, buffer_.data() + bytes, std::byte{0});
  HOLDFAST_CHECKED(file_->write_pages(written_, {buffer_.data(), bytes}));
  written_ += buffered_;
  unsynced_ += std::exchange(buffered_, 0);
  if (unsynced_ < sync_bytes) return {};
  unsynced_ = 0;
  return file_->sync_data();
}

Status SettledWriter::end_file() {
  HOLDFAST_CHECKED(write_out());
  format::SegmentHeader& header = segment_->header;
  header.settled_end = written_;
  header.file_bytes = format::round_up(written_ + format::frame_header_bytes, format::page_bytes);
  ByteBuffer page(format::segment_header_bytes);
  format::encode(header, page);
  HOLDFAST_CHECKED(file_->truncate(header.file_bytes));
  HOLDFAST_CHECKED(file_->write_at(0, page));
  fault::point("log.settled_written");
  HOLDFAST_CHECKED(file_->sync_data());
  file_.reset();
  const auto index = encode_index(*segment_->hot, header, segment_->end);
  auto index_file = HOLDFAST_TRY(files_.open(segment_->index_path, os::OpenMode::create_or_open));
  HOLDFAST_CHECKED(index_file->truncate(index.size()));
  HOLDFAST_CHECKED(index_file->write_at(0, index));
  HOLDFAST_CHECKED(index_file->sync_data());
  index_file.reset();
  auto opened = IndexFile::open(files_, segment_->index_path, header, segment_->end);
  if (!opened) return std::unexpected(opened.error());
  segment_->index_file = std::move(*opened);
  segment_->hot.reset();
  plan_.begin = segment_->end;
  done_.push_back(std::exchange(segment_, nullptr));
  return {};
}

Status SettledWriter::finish() {
  HOLDFAST_CHECKED(cut());
  HOLDFAST_CHECKED(files_.sync_directory(plan_.folder));
  fault::point("log.settled_named");
  return {};
}

void SettledWriter::discard() {
  if (segment_) done_.push_back(std::exchange(segment_, nullptr));
  file_.reset();
  for (const SegmentPtr& segment : done_) {
    (void)files_.remove(segment->path);
    (void)files_.remove(segment->index_path);
  }
  done_.clear();
}

}  // namespace holdfast::log
