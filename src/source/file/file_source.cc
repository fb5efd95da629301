#include "source/file/file_source.h"

#include <algorithm>
#include <array>
#include <fmt/core.h>
#include <optional>

#include "base/log_line.h"
#include "source/file/rotation.h"
#include "source/file/window.h"

namespace holdfast::source::file {
namespace {

constexpr std::string_view event_type = "holdfast.file.row";
constexpr std::string_view content_type = "application/json";
constexpr size_t raw_bytes_max = 64 << 10;  // of a rejected line
constexpr size_t line_bytes_least = 256;

/// A line that is longer than it may be, while its end is looked for.
struct LongLine {
  std::string head;
  std::string_view code;
  std::string cause;
};

class FileSource final : public Source {
 public:
  FileSource(FileSettings settings, os::Clock& clock, std::unique_ptr<os::FileWatch> watch)
      : settings_(std::move(settings)), clock_(clock), watch_(std::move(watch)) {
    parser_ = settings_.format == Format::csv
                  ? make_csv_parser(settings_.csv, settings_.line_bytes_max)
                  : make_json_lines_parser(settings_.line_bytes_max);
  }

  Status start(std::optional<ByteView> position) override;
  Result<ReadState> read(Batch& batch, const ReadLimits& limits) override;
  void interrupt() override { watch_->interrupt(); }

 private:
  enum class End { go_on, wait, away, ended };

  Status use(Result<Found> found);
  Status restart_at_beginning();
  Status read_header_again();
  Result<size_t> fill();
  Result<bool> parse(Batch& batch, const ReadLimits& limits);
  bool take(const Step& step, std::string_view text, size_t begun_at, Batch& batch);
  bool skip_long_line(std::string_view text, Batch& batch);
  void reject(const Step& step, std::string_view raw, Batch& batch) const;
  Result<End> at_end();
  Result<End> look_for_next();
  Status switch_file(const os::FileIdentity& current);
  FilePosition position() const;
  void finish(Batch& batch);
  Error in_file(const Error& error) const {
    return {error.code, fmt::format("{}: {}", settings_.path, error.message)};
  }

  const FileSettings settings_;
  os::Clock& clock_;
  std::unique_ptr<os::FileWatch> watch_;
  std::unique_ptr<Parser> parser_;

  std::optional<FilePosition> resume_;  // until the file could be opened
  std::unique_ptr<os::ForeignFile> file_;
  os::FileIdentity identity_;
  Window window_;
  int64_t line_ = 1;
  bool header_done_ = false;
  Fingerprint head_;
  std::optional<LongLine> long_line_;
  uint64_t committed_ = 0;      // offset behind the last whole line
  bool at_end_before_ = false;  // the last fill found nothing
  bool rotated_ =
      false;  // another file has the path; this one was read to its end after that was seen
  bool final_ = false;  // nothing more will come of this file
  bool warned_away_ = false;
  std::string given_;  // the last position given
};

Status FileSource::start(std::optional<ByteView> position) {
  if (position) {
    resume_ = HOLDFAST_TRY(parse_position(*position));
    given_ = as_text(*position);
  }
  const Status opened =
      use(resume_ ? find_file(settings_.path, *resume_) : open_file(settings_.path));
  if (opened) return {};
  if (settings_.mode == Mode::follow)
    return opened.error().code == ErrorCode::not_found ? Status() : opened;
  // What is read once is there when reading begins, or a person has to see to it.
  return fail(ErrorCode::invalid,
              fmt::format("{}; put the file there or correct its path (mode: follow, and no --once, "
                          "waits for it)",
                          opened.error().message));
}

Status FileSource::use(Result<Found> found) {
  if (!found) return std::unexpected(found.error());
  if (resume_ && !found->same && resume_->offset > 0) {
    log_warning("file",
                "{}: the file that was read up to line {} is gone; reading what is there now from "
                "its beginning",
                settings_.path, resume_->line);
  }
  file_ = std::move(found->file);
  identity_ = found->identity;
  line_ = found->line;
  committed_ = found->offset;
  head_ = found->same ? resume_->head : Fingerprint{};
  resume_.reset();
  header_done_ = false;
  long_line_.reset();
  at_end_before_ = rotated_ = final_ = warned_away_ = false;
  HOLDFAST_CHECKED(window_.begin_at(*file_, committed_));
  if (committed_ > 0 && parser_->has_header()) return read_header_again();
  return {};
}

/// When reading goes on within a file, the names of its columns are at its beginning.
Status FileSource::read_header_again() {
  Window window;
  HOLDFAST_CHECKED(window.begin_at(*file_, 0));
  while (window.text().size() < settings_.line_bytes_max) {
    const size_t got = HOLDFAST_TRY(window.fill(*file_));
    const auto step = parser_->set_header(window.text(), got == 0);
    if (!step) return std::unexpected(in_file(step.error()));
    header_done_ = step->bytes > 0;
    if (header_done_ || got == 0) break;
  }
  if (header_done_) return {};
  return fail(ErrorCode::invalid, fmt::format("{}: it has no header any more", settings_.path));
}

/// The file was cut. What was cut off may live on in a copy (copy and truncate), which is finished
/// first.
Status FileSource::restart_at_beginning() {
  log_warning("file", "{}: it was truncated; {} lines of it had been read", settings_.path,
              line_ - 1);
  resume_ = position();
  return use(find_file(settings_.path, *resume_));
}

Result<ReadState> FileSource::read(Batch& batch, const ReadLimits& limits) {
  batch.clear();
  const int64_t deadline = clock_.steady_ms() + limits.wait_ms;
  bool waited = false;
  for (;;) {
    End end = End::go_on;
    if (file_ == nullptr) {
      end = HOLDFAST_TRY(look_for_next());
    } else {
      const bool full = HOLDFAST_TRY(parse(batch, limits));
      if (full) {
        finish(batch);
        return ReadState::more;
      }
      if (HOLDFAST_TRY(fill()) > 0) continue;
      end = HOLDFAST_TRY(at_end());
    }
    if (end == End::go_on) continue;
    finish(batch);
    if (end == End::ended) return ReadState::ended;
    if (!batch.empty()) return ReadState::more;
    const int64_t left = deadline - clock_.steady_ms();
    if (waited || left <= 0) return end == End::away ? ReadState::away : ReadState::idle;
    watch_->wait(left);
    waited = true;
  }
}

Result<size_t> FileSource::fill() {
  if (final_) return 0;
  const uint64_t before = window_.read_offset();
  // After a pause the file may have been cut and have grown beyond the place of reading since.
  if (at_end_before_ && before > 0) {
    const os::FileInfo info = HOLDFAST_TRY(file_->info());
    if (info.size > before && !HOLDFAST_TRY(window_.unchanged(*file_))) {
      HOLDFAST_CHECKED(restart_at_beginning());
    }
  }
  const auto got = window_.fill(*file_);
  if (!got) return std::unexpected(in_file(got.error()));
  at_end_before_ = *got == 0;
  return *got;
}

/// Takes what is whole in the window. True when the batch is full.
Result<bool> FileSource::parse(Batch& batch, const ReadLimits& limits) {
  while (batch.events() + batch.rejected() < limits.events_max &&
         batch.payload_bytes() < limits.bytes_max) {
    const std::string_view text = window_.text();
    if (text.empty() && !(final_ && long_line_)) return false;
    if (parser_->has_header() && !header_done_) {
      const auto step = parser_->set_header(text, final_);
      if (!step) return std::unexpected(in_file(step.error()));
      if (step->bytes == 0 && text.size() > settings_.line_bytes_max) {
        return fail(ErrorCode::invalid, fmt::format("{}: the header does not end within {} bytes",
                                                    settings_.path, settings_.line_bytes_max));
      }
      if (step->bytes == 0) return false;
      header_done_ = true;
      window_.consume(step->bytes);
      line_ += step->lines;
      committed_ = window_.offset();
      continue;
    }
    if (long_line_) {
      if (!skip_long_line(text, batch)) return false;
      continue;
    }
    const size_t begun_at = batch.begin_event();
    if (!take(parser_->next(text, final_, batch.text()), text, begun_at, batch)) return false;
  }
  return true;
}

/// False when more must be read first.
bool FileSource::take(const Step& step, std::string_view text, size_t begun_at, Batch& batch) {
  const bool whole = step.kind != Step::Kind::incomplete && (step.lines > 0 || final_);
  if (!whole) {
    batch.abandon_event(begun_at);
    if (text.size() <= settings_.line_bytes_max) return false;
    const bool rejected = step.kind == Step::Kind::rejected;
    long_line_ = LongLine{.head = std::string(text.substr(0, raw_bytes_max)),
                          .code = rejected ? step.code : "line_too_long",
                          .cause = rejected ? step.cause : "the line is longer than the limit"};
    return skip_long_line(text, batch);
  }
  if (step.kind == Step::Kind::event && batch.text().size() - begun_at <= settings_.event_bytes_max)
      [[likely]] {
    batch.finish_event(begun_at, std::nullopt, event_type, content_type);
  } else {
    batch.abandon_event(begun_at);
    if (step.kind == Step::Kind::rejected) reject(step, text.substr(0, step.bytes), batch);
    if (step.kind == Step::Kind::event) {
      reject({.code = "too_large",
              .cause =
                  fmt::format("as an event it is larger than the {} bytes that fit into a message",
                              settings_.event_bytes_max)},
             text.substr(0, step.bytes), batch);
    }
  }
  window_.consume(step.bytes);
  line_ += step.lines;
  committed_ = window_.offset();
  return true;
}

/// The position stays before a long line until its end is found, so that a restart within it finds
/// the same.
bool FileSource::skip_long_line(std::string_view text, Batch& batch) {
  const size_t end = text.find('\n');
  const bool found = end != std::string_view::npos;
  window_.consume(found ? end + 1 : text.size());
  if (!found && !final_) return false;
  reject({.code = long_line_->code, .cause = long_line_->cause}, long_line_->head, batch);
  long_line_.reset();
  line_ += found ? 1 : 0;
  committed_ = window_.offset();
  return true;
}

void FileSource::reject(const Step& step, std::string_view raw, Batch& batch) const {
  while (raw.ends_with('\n') || raw.ends_with('\r')) raw.remove_suffix(1);
  batch.add_rejected({.raw = raw.substr(0, raw_bytes_max),
                      .cause_code = step.code,
                      .cause = step.cause,
                      .file = settings_.path,
                      .line = line_});
}

/// All that the file holds now was read: what next?
Result<FileSource::End> FileSource::at_end() {
  if (settings_.mode == Mode::once) {
    if (!final_) {
      final_ = true;
      return End::go_on;
    }
    if (parser_->has_header() && !header_done_) {
      return fail(ErrorCode::invalid,
                  fmt::format("{}: it is empty, but a header was expected", settings_.path));
    }
    return End::ended;
  }
  const os::FileInfo own = HOLDFAST_TRY(file_->info());
  if (own.size < window_.read_offset()) {
    HOLDFAST_CHECKED(restart_at_beginning());
    return End::go_on;
  }
  const auto current = os::file_info(settings_.path);
  if (!current) {
    if (!warned_away_)
      log_warning("file", "{}: it is gone; waiting for it to come back", settings_.path);
    warned_away_ = true;
    return End::away;
  }
  warned_away_ = false;
  if (current->identity == identity_) return End::wait;
  // Rotated. The writer may have written to this file until it was seen, so it is read to its end
  // once more; and as long as the new one is empty the writer may still have this one open.
  if (!rotated_) {
    rotated_ = true;
    return End::go_on;
  }
  if (current->size == 0) {
    rotated_ = false;
    return End::wait;
  }
  if (!final_) {
    final_ = true;
    return End::go_on;
  }
  HOLDFAST_CHECKED(switch_file(current->identity));
  return End::go_on;
}

Status FileSource::switch_file(const os::FileIdentity& current) {
  const os::FileInfo old = HOLDFAST_TRY(file_->info());
  const std::string next = next_rotated(settings_.path, old, current).value_or(settings_.path);
  log_info("file", "{}: rotated; line {} was the last of the old file, going on with {}",
           settings_.path, line_ - 1, next);
  const Status used = use(open_file(next));
  if (used || used.error().code != ErrorCode::not_found) return used;
  // It went away again between the look and the opening. The old one stays finished.
  return {};
}

Result<FileSource::End> FileSource::look_for_next() {
  const Status opened =
      use(resume_ ? find_file(settings_.path, *resume_) : open_file(settings_.path));
  if (opened) return End::go_on;
  if (opened.error().code != ErrorCode::not_found) return std::unexpected(opened.error());
  if (!warned_away_) log_warning("file", "{}: it is not there; waiting for it", settings_.path);
  warned_away_ = true;
  return End::away;
}

FilePosition FileSource::position() const {
  return {.identity = identity_,
          .offset = committed_,
          .line = line_,
          .head = head_,
          .tail = long_line_ ? Fingerprint{} : window_.tail()};
}

void FileSource::finish(Batch& batch) {
  if (file_ == nullptr) return;
  // The head may grow until it is whole; what is behind `committed_` may still change.
  if (const uint64_t wanted = std::min<uint64_t>(committed_, Fingerprint::bytes_max);
      head_.bytes < wanted) {
    std::array<std::byte, Fingerprint::bytes_max> bytes;
    const auto got = file_->read_at(0, MutableBytes(bytes).first(wanted));
    if (got) head_ = fingerprint(ByteView(bytes).first(*got));
  }
  std::string text = encode(position());
  if (text == given_) return;
  batch.set_position(as_bytes(text));
  given_ = std::move(text);
}

}  // namespace

Result<std::unique_ptr<Source>> make_file_source(FileSettings settings, os::Clock& clock) {
  if (settings.path.empty()) return fail(ErrorCode::invalid, "a file source needs a path");
  if (settings.line_bytes_max < line_bytes_least) {
    return fail(ErrorCode::invalid,
                fmt::format("{}: line_bytes_max is below {}", settings.path, line_bytes_least));
  }
  const char delimiter = settings.csv.delimiter;
  if (delimiter == '"' || delimiter == '\n' || delimiter == '\r' || delimiter == '\\' ||
      delimiter == '\0') {
    return fail(ErrorCode::invalid,
                fmt::format("{}: this character cannot be the delimiter", settings.path));
  }
  auto watch = HOLDFAST_TRY(os::FileWatch::create(settings.path));
  return std::make_unique<FileSource>(std::move(settings), clock, std::move(watch));
}

}  // namespace holdfast::source::file
