#include "log/recovery.h"

#include <algorithm>
#include <fmt/core.h>
#include <set>

#include "base/log_line.h"
#include "log/scan.h"

namespace holdfast::log {
namespace {

constexpr uint64_t rewrite_bytes = 1 << 20;

class Recovery {
 public:
  Recovery(os::Files& files, const std::string& folder, uint64_t segment_bytes)
      : files_(files), folder_(folder), segment_bytes_(segment_bytes) {}

  Result<Recovered> run() {
    contents_ = HOLDFAST_TRY(list_folder(files_, folder_));
    HOLDFAST_CHECKED(check_folder_version(files_, folder_, contents_));
    found_.fresh = !contents_.has_meta;
    if (auto checkpoint = HOLDFAST_TRY(read_checkpoint(files_, folder_, contents_))) {
      found_.checkpoint = std::move(*checkpoint);
    }
    found_.manifest = HOLDFAST_TRY(read_manifest(files_, folder_, contents_));
    HOLDFAST_CHECKED(open_settled());
    HOLDFAST_CHECKED(open_segments());
    for (const SegmentPtr& segment : found_.settled) HOLDFAST_CHECKED(load_sealed(segment));
    for (size_t i = 0; i + 1 < found_.segments.size(); ++i)
      HOLDFAST_CHECKED(load_sealed(found_.segments[i]));
    if (!found_.segments.empty()) HOLDFAST_CHECKED(scan_active(*found_.segments.back()));
    HOLDFAST_CHECKED(check_checkpoint());
    if (!found_.segments.empty()) HOLDFAST_CHECKED(make_end_certain(*found_.segments.back()));
    HOLDFAST_CHECKED(sort_spares());
    return std::move(found_);
  }

 private:
  Status open_settled();
  Status open_segments();
  Status leave_out_settled();
  Status load_sealed(const SegmentPtr& segment);
  Status scan_active(Segment& segment);
  Status check_checkpoint() const;
  Status make_end_certain(Segment& segment);
  Status rewrite_since(Segment& segment, Position known_durable);
  Status sort_spares();

  os::Files& files_;
  const std::string& folder_;
  const uint64_t segment_bytes_;
  FolderContents contents_;
  Recovered found_;
  Position known_durable_;   // what the frames themselves prove
  uint64_t traces_end_ = 0;  // file offset behind the last trace of the torn tail
};

/// Exactly what the manifest names; other settled files are of a job that was not finished, or of
/// one whose result was settled again.
Status Recovery::open_settled() {
  std::set<uint64_t> known;
  for (const format::Manifest::Settled& entry : found_.manifest.settled) {
    auto segment = HOLDFAST_TRY(open_settled_segment(files_, folder_, entry));
    found_.next_generation = std::max(found_.next_generation, entry.generation + 1);
    found_.settled.push_back(std::move(segment));
    known.insert(entry.number);
  }
  for (const uint64_t number : contents_.settled) {
    if (!known.contains(number))
      found_.garbage.push_back(folder_ + "/" + format::settled_name(number));
  }
  for (const uint64_t number : contents_.settled_indexes) {
    if (!known.contains(number))
      found_.garbage.push_back(folder_ + "/" + format::settled_index_name(number));
  }
  return {};
}

Status Recovery::open_segments() {
  if (contents_.has_manifest) HOLDFAST_CHECKED(leave_out_settled());
  for (const uint64_t sequence : contents_.segments) {
    auto segment = std::make_shared<Segment>();
    segment->path = folder_ + "/" + format::segment_name(sequence);
    segment->index_path = folder_ + "/" + format::index_name(sequence);
    auto file = HOLDFAST_TRY(files_.open(segment->path, os::OpenMode::read_write));
    segment->header = HOLDFAST_TRY(read_segment_header(*file, segment->path));
    segment->end = segment->header.begin;
    const format::SegmentHeader& header = segment->header;
    if (header.sequence != sequence) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{} is segment {}", segment->path, header.sequence));
    }
    if (HOLDFAST_TRY(file->size()) < header.file_bytes) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{} is shorter than its header says", segment->path));
    }
    if (!found_.segments.empty()) {
      Segment& before = *found_.segments.back();
      if (before.header.sequence + 1 != sequence) {
        return fail(ErrorCode::corrupt,
                    fmt::format("{} is missing: position {} to {}",
                                folder_ + "/" + format::segment_name(sequence - 1),
                                before.header.begin.value, header.begin.value));
      }
      before.end = header.begin;
      if (before.end < before.header.begin || before.used_bytes() > before.header.file_bytes) {
        return fail(ErrorCode::corrupt,
                    fmt::format("{} does not follow {}", segment->path, before.path));
      }
    }
    found_.next_generation = std::max(found_.next_generation, header.generation + 1);
    found_.active_file = std::move(file);
    found_.segments.push_back(std::move(segment));
  }
  return {};
}

/// Segments below `raw_from` were settled; removing them had not come to an end.
Status Recovery::leave_out_settled() {
  const uint64_t raw_from = found_.manifest.raw_from;
  auto& sequences = contents_.segments;
  const auto first = std::ranges::lower_bound(sequences, raw_from);
  for (auto gone = sequences.begin(); gone != first; ++gone)
    found_.garbage.push_back(folder_ + "/" + format::segment_name(*gone));
  sequences.erase(sequences.begin(), first);
  if (sequences.empty() || sequences.front() != raw_from) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is missing, where the settled part of the log ends",
                            folder_ + "/" + format::segment_name(raw_from)));
  }
  return {};
}

Status Recovery::load_sealed(const SegmentPtr& segment) {
  auto index = IndexFile::open(files_, segment->index_path, segment->header, segment->end);
  if (index) {
    segment->index_file = std::move(*index);
    return {};
  }
  if (index.error().code != ErrorCode::not_found) {
    log_warning("log", "index rebuilt from its segment: {}", index.error().message);
  }
  segment->hot = HOLDFAST_TRY(rebuild_index(files_, *segment));
  found_.unindexed.push_back(segment);
  return {};
}

Status Recovery::scan_active(Segment& segment) {
  segment.hot = std::make_shared<HotIndex>();
  SegmentScanner scanner(*found_.active_file, segment.header);
  known_durable_ = std::max(segment.header.begin, found_.checkpoint.where.durable);
  while (const auto frame = HOLDFAST_TRY(scanner.next())) {
    known_durable_ = std::max(known_durable_, frame->header.durable_before);
    found_.needs_mark = frame->header.key.kind != format::mark_kind ||
                        frame->header.durable_before < frame->header.position;
    index_frame(*segment.hot, segment.header, frame->header);
  }
  segment.end = found_.end = scanner.position();
  const TailSearch tail = HOLDFAST_TRY(scanner.search_tail());
  traces_end_ = tail.traces_end;
  const Position proven = std::max(known_durable_, tail.durable_before);
  if (proven > found_.end) {
    return fail(
        ErrorCode::corrupt,
        fmt::format("{}: not a whole frame, but everything up to position {} had been durable",
                    describe_place(segment.path, found_.end, scanner.offset()), proven.value));
  }
  return {};
}

Status Recovery::check_checkpoint() const {
  const std::string path = folder_ + "/" + std::string(format::checkpoint_name);
  const format::Checkpoint& checkpoint = found_.checkpoint.where;
  const Position begin =
      found_.segments.empty() ? Position{} : found_.segments.front()->header.begin;
  if (!contents_.has_checkpoint && begin.value > 0) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is missing, and the log before position {} was trimmed", path,
                            begin.value));
  }
  if (contents_.has_checkpoint && checkpoint.upto < begin) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} covers position {}, but the log begins at {}: segments are missing",
                            path, checkpoint.upto.value, begin.value));
  }
  if (std::max(checkpoint.durable, checkpoint.upto) > found_.end) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} knows of position {}, but the log ends at {}: segments are missing",
                            path, checkpoint.durable.value, found_.end.value));
  }
  return {};
}

/// Frames that were read back may be in the page cache only: the process before may have been
/// killed between write and sync, or its sync may have failed and left pages that look clean but
/// never reached the disk. So what no later frame proves to have been durable is written once more
/// and synced. Then the torn tail is zeroed.
Status Recovery::make_end_certain(Segment& segment) {
  os::File& file = *found_.active_file;
  HOLDFAST_CHECKED(rewrite_since(segment, std::min(known_durable_, found_.end)));
  const uint64_t used = segment.used_bytes();
  const uint64_t zero_to = std::min(
      format::round_up(std::max(used, traces_end_), format::page_bytes), segment.header.file_bytes);
  if (zero_to > used) {
    if (traces_end_ > used) {
      log_info("log", "{}: {} bytes of a torn, never acknowledged tail cut off",
               describe_place(segment.path, found_.end, used), traces_end_ - used);
    }
    const ByteBuffer zeroes(std::min(zero_to - used, rewrite_bytes));
    for (uint64_t at = used; at < zero_to; at += zeroes.size()) {
      HOLDFAST_CHECKED(file.write_at(
          at, ByteView(zeroes).first(std::min<uint64_t>(zeroes.size(), zero_to - at))));
    }
  }
  HOLDFAST_CHECKED(file.sync_data());
  // The last segment's name, too, may not have reached the disk.
  return files_.sync_directory(folder_);
}

Status Recovery::rewrite_since(Segment& segment, Position known_durable) {
  os::File& file = *found_.active_file;
  const uint64_t used = segment.used_bytes();
  uint64_t at = format::round_down(segment.header.offset_of(known_durable), format::page_bytes);
  ByteBuffer bytes(std::min(rewrite_bytes, used - at));
  for (; at < used; at += bytes.size()) {
    bytes.resize(std::min<uint64_t>(rewrite_bytes, used - at));
    if (HOLDFAST_TRY(file.read_at(at, bytes)) != bytes.size()) {
      return fail(ErrorCode::io, fmt::format("{} became shorter while it was read", segment.path));
    }
    HOLDFAST_CHECKED(file.write_at(at, bytes));
  }
  const uint64_t page = format::round_down(used, format::page_bytes);
  found_.begun_page.resize(used - page);
  if (HOLDFAST_TRY(file.read_at(page, found_.begun_page)) != found_.begun_page.size()) {
    return fail(ErrorCode::io, fmt::format("{} became shorter while it was read", segment.path));
  }
  return {};
}

/// Spare files are used again if they are whole: their old header, if any, tells the last
/// generation used in them.
Status Recovery::sort_spares() {
  for (const uint64_t number : contents_.spares) {
    found_.next_spare = std::max(found_.next_spare, number + 1);
    const std::string path = folder_ + "/" + format::spare_name(number);
    auto file = HOLDFAST_TRY(files_.open(path, os::OpenMode::read));
    const bool whole = HOLDFAST_TRY(file->size()) == segment_bytes_;
    ByteBuffer page(format::segment_header_bytes);
    page.resize(HOLDFAST_TRY(file->read_at(0, page)));
    const auto header = format::decode_segment_header(page);
    const bool blank =
        std::ranges::all_of(page, [](std::byte byte) { return byte == std::byte{0}; });
    if (header) found_.next_generation = std::max(found_.next_generation, header->generation + 1);
    const bool good = whole && (header || blank) && found_.spares.size() < 2;
    (good ? found_.spares : found_.garbage).push_back(path);
  }
  for (const std::string& name : contents_.leftovers)
    found_.garbage.push_back(folder_ + "/" + name);
  for (const uint64_t sequence : contents_.indexes) {
    // Of a trimmed segment, or of the last one: its index file is made when it is sealed.
    const bool used = !found_.segments.empty() &&
                      sequence >= found_.segments.front()->header.sequence &&
                      sequence < found_.segments.back()->header.sequence;
    if (!used) found_.garbage.push_back(folder_ + "/" + format::index_name(sequence));
  }
  return {};
}

}  // namespace

Result<Recovered> recover(os::Files& files, const std::string& folder, uint64_t segment_bytes) {
  return Recovery(files, folder, segment_bytes).run();
}

void index_frame(HotIndex& index, const format::SegmentHeader& segment,
                 const format::FrameHeader& frame) {
  if (frame.key.kind != FrameKind::batch) return;
  index.add(
      frame.key.partition, frame.key.first_offset,
      {.last_offset = frame.key.last_offset,
       .max_timestamp_ms = frame.key.max_timestamp_ms,
       .place = static_cast<uint32_t>(segment.offset_of(frame.position) / format::frame_alignment),
       .body_bytes = frame.body_bytes});
}

Result<SegmentPtr> open_settled_segment(os::Files& files, const std::string& folder,
                                        const format::Manifest::Settled& entry) {
  auto segment = std::make_shared<Segment>();
  segment->path = folder + "/" + format::settled_name(entry.number);
  segment->index_path = folder + "/" + format::settled_index_name(entry.number);
  auto file = files.open(segment->path, os::OpenMode::read);
  if (!file && file.error().code == ErrorCode::not_found) {
    return fail(ErrorCode::corrupt, fmt::format("{} is missing", segment->path));
  }
  if (!file) return std::unexpected(file.error());
  segment->header = HOLDFAST_TRY(read_segment_header(**file, segment->path));
  const format::SegmentHeader& header = segment->header;
  if (!header.settled() || header.sequence != entry.number ||
      header.generation != entry.generation) {
    return fail(ErrorCode::corrupt, fmt::format("{} is another segment", segment->path));
  }
  if (HOLDFAST_TRY((*file)->size()) < header.file_bytes) {
    return fail(ErrorCode::corrupt,
                fmt::format("{} is shorter than its header says", segment->path));
  }
  segment->end = header.position_at(header.settled_end);
  return segment;
}

Result<std::shared_ptr<HotIndex>> rebuild_index(os::Files& files, const Segment& segment) {
  auto file = HOLDFAST_TRY(files.open(segment.path, os::OpenMode::read));
  auto index = std::make_shared<HotIndex>();
  SegmentScanner scanner(*file, segment.header);
  while (scanner.position() < segment.end) {
    const auto frame = HOLDFAST_TRY(scanner.next());
    if (!frame) {
      return fail(ErrorCode::corrupt,
                  fmt::format("{}: not a whole frame",
                              describe_place(segment.path, scanner.position(), scanner.offset())));
    }
    index_frame(*index, segment.header, frame->header);
  }
  if (scanner.position() != segment.end) {
    return fail(ErrorCode::corrupt,
                fmt::format("{}: frames reach beyond the end of the segment",
                            describe_place(segment.path, scanner.position(), scanner.offset())));
  }
  return index;
}

}  // namespace holdfast::log
