#include <algorithm>
#include <fmt/core.h>

#include "log/folder.h"
#include "log/recovery.h"
#include "log/scan.h"

namespace holdfast::log {
namespace {

/// Goes through a folder as recovery does, but goes on after damage and looks at every byte.
class Verifier {
 public:
  Verifier(os::Files& files, const std::string& folder,
           const std::function<void(const Frame&)>& visit)
      : files_(files), folder_(folder), visit_(visit) {}

  Result<VerifyReport> run() {
    contents_ = HOLDFAST_TRY(list_folder(files_, folder_));
    const auto version = check_folder_version(files_, folder_, contents_);
    if (!version && version.error().code == ErrorCode::version_unknown)
      return std::unexpected(version.error());
    if (!version) damaged(std::string(format::meta_name), {}, version.error().message);
    read_checkpoint_file();
    HOLDFAST_CHECKED(verify_settled());
    for (const uint64_t sequence : contents_.segments) {
      if (sequence >= raw_from_) HOLDFAST_CHECKED(verify_segment(sequence));
    }
    if (segment_) HOLDFAST_CHECKED(finish_segment(nullptr));
    check_ends();
    return std::move(report_);
  }

 private:
  struct Open {
    std::string path;
    std::unique_ptr<os::File> file;
    format::SegmentHeader header;
    std::unique_ptr<SegmentScanner> scanner;
    HotIndex index;
    Position durable;
  };

  void damaged(const std::string& name, Position position, std::string what) {
    report_.damage.push_back({folder_ + "/" + name, position, std::move(what)});
  }
  void read_checkpoint_file();
  Status verify_settled();
  Status verify_settled(const format::Manifest::Settled& entry);
  Status verify_segment(uint64_t sequence);
  Status scan_segment();
  Status finish_segment(const format::SegmentHeader* next);
  void check_ends();

  os::Files& files_;
  const std::string& folder_;
  const std::function<void(const Frame&)>& visit_;
  FolderContents contents_;
  std::optional<format::Checkpoint> checkpoint_;
  std::unique_ptr<Open> segment_;  // scanned up to its first place that is not a frame
  uint64_t raw_from_ = 0;          // segments below it were settled
  bool has_raw_ = false;
  VerifyReport report_;
};

Status Verifier::verify_settled() {
  const auto manifest = read_manifest(files_, folder_, contents_);
  if (!manifest) {
    damaged(std::string(format::manifest_name), {}, manifest.error().message);
    return {};
  }
  raw_from_ = manifest->raw_from;
  for (const auto& entry : manifest->settled) HOLDFAST_CHECKED(verify_settled(entry));
  return {};
}

Status Verifier::verify_settled(const format::Manifest::Settled& entry) {
  const std::string name = format::settled_name(entry.number);
  const auto segment = open_settled_segment(files_, folder_, entry);
  if (!segment) {
    damaged(name, {}, segment.error().message);
    return {};
  }
  auto file = HOLDFAST_TRY(files_.open((*segment)->path, os::OpenMode::read));
  ++report_.segments;
  report_.bytes += (*segment)->header.file_bytes;
  SegmentScanner scanner(*file, (*segment)->header);
  while (scanner.position() < (*segment)->end) {
    const auto frame = HOLDFAST_TRY(scanner.next());
    if (!frame) {
      damaged(name, scanner.position(),
              fmt::format("not a whole frame (file offset {})", scanner.offset()));
      return {};
    }
    ++report_.frames;
    if (visit_) visit_({frame->begin, frame->end, frame->header.key, frame->body, nullptr});
  }
  return {};
}

void Verifier::read_checkpoint_file() {
  const auto stored = read_checkpoint(files_, folder_, contents_);
  if (!stored) return damaged(std::string(format::checkpoint_name), {}, stored.error().message);
  if (*stored) checkpoint_ = (*stored)->where;
}

Status Verifier::verify_segment(uint64_t sequence) {
  const std::string name = format::segment_name(sequence);
  auto opened = std::make_unique<Open>();
  opened->path = folder_ + "/" + name;
  opened->file = HOLDFAST_TRY(files_.open(opened->path, os::OpenMode::read));
  const auto header = read_segment_header(*opened->file, opened->path);
  if (!header || header->sequence != sequence) {
    damaged(name, report_.end, header ? "it is another segment" : header.error().message);
    return segment_ ? finish_segment(nullptr) : Status();
  }
  if (segment_ && segment_->header.sequence + 1 != sequence) {
    damaged(format::segment_name(sequence - 1), segment_->scanner->position(), "missing");
    HOLDFAST_CHECKED(finish_segment(nullptr));
  }
  if (segment_) HOLDFAST_CHECKED(finish_segment(&*header));
  if (!std::exchange(has_raw_, true)) report_.begin = header->begin;
  ++report_.segments;
  report_.bytes += header->file_bytes;
  if (HOLDFAST_TRY(opened->file->size()) < header->file_bytes)
    damaged(name, header->begin, "shorter than its header says");
  opened->header = *header;
  opened->scanner = std::make_unique<SegmentScanner>(*opened->file, *header);
  segment_ = std::move(opened);
  return scan_segment();
}

Status Verifier::scan_segment() {
  Open& open = *segment_;
  while (const auto frame = HOLDFAST_TRY(open.scanner->next())) {
    open.durable = std::max(open.durable, frame->header.durable_before);
    index_frame(open.index, open.header, frame->header);
    if (frame->header.key.kind == format::mark_kind) continue;
    ++report_.frames;
    if (visit_) visit_({frame->begin, frame->end, frame->header.key, frame->body, nullptr});
  }
  report_.end = open.scanner->position();
  return {};
}

/// `next`: the segment that follows, so that this one must reach its begin.
Status Verifier::finish_segment(const format::SegmentHeader* next) {
  const std::unique_ptr<Open> open = std::move(segment_);
  const Position end = open->scanner->position();
  const std::string name = format::segment_name(open->header.sequence);
  if (next != nullptr && end == next->begin) {
    segment_.reset();
    const std::string index_path = folder_ + "/" + format::index_name(open->header.sequence);
    const auto stored = os::read_file(files_, index_path, open->header.file_bytes);
    if (!stored && stored.error().code == ErrorCode::not_found)
      return {};  // it is rebuilt at the next start
    if (!stored) return std::unexpected(stored.error());
    if (!std::ranges::equal(*stored, encode_index(open->index, open->header, end))) {
      damaged(format::index_name(open->header.sequence), open->header.begin,
              "does not agree with its segment; remove it, it is rebuilt at the next start");
    }
    return {};
  }
  const TailSearch tail = HOLDFAST_TRY(open->scanner->search_tail());
  const Position proven = std::max(
      {open->durable, tail.durable_before, checkpoint_ ? checkpoint_->durable : Position{}});
  if (next != nullptr || proven > end) {
    damaged(name, end,
            fmt::format("not a whole frame (file offset {}), though it had been durable",
                        open->scanner->offset()));
  } else {
    report_.torn_tail = tail.traces_end > 0;
  }
  return {};
}

void Verifier::check_ends() {
  const std::string name(format::checkpoint_name);
  if (!checkpoint_ && !contents_.has_checkpoint && report_.begin.value > 0) {
    damaged(name, report_.begin, "missing, though the log was trimmed");
  }
  if (checkpoint_ && checkpoint_->upto < report_.begin) {
    damaged(name, checkpoint_->upto, "the log begins only behind it: segments are missing");
  }
  if (checkpoint_ && std::max(checkpoint_->durable, checkpoint_->upto) > report_.end &&
      report_.damage.empty()) {
    damaged(name, checkpoint_->durable, "the log ends before it: segments are missing");
  }
}

}  // namespace

Result<VerifyReport> verify(os::Files& files, const std::string& folder,
                            const std::function<void(const Frame&)>& visit) {
  return Verifier(files, folder, visit).run();
}

}  // namespace holdfast::log
