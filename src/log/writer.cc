#include "log/writer.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/fault.h"
#include "base/os/clock.h"
#include "base/planted_bug.h"

namespace holdfast::log {
namespace {

constexpr std::chrono::milliseconds retry_first{20};
constexpr std::chrono::milliseconds retry_most{1000};

/// A segment up to this size is zero-filled when it is made, because that takes only milliseconds;
/// a larger one for which nothing was prepared is only reserved, so that the append does not wait.
constexpr uint64_t zero_fill_at_once_max = 8ull << 20;

/// After a failed sync nothing may be tried again, whatever the system said.
Status final_sync(os::File& file) {
  if (auto synced = file.sync_data(); !synced) return fail(ErrorCode::io, synced.error().message);
  return {};
}

}  // namespace

void Writer::resume(SegmentPtr segment, std::unique_ptr<os::File> file, Position durable) {
  segment_ = std::move(segment);
  file_ = std::move(file);
  durable_.store(durable.value, std::memory_order_release);
}

void Writer::run() {
  auto wait = retry_first;
  for (;;) {
    if (!batch_) batch_ = queue_.wait_take();
    if (!batch_) return;
    const Step done = flush();
    if (done == Step::failed) return;
    if (done != Step::stalled) {
      wait = retry_first;
      continue;
    }
    if (std::exchange(stop_when_stalled_, queue_.sleep(wait))) return;  // one more try after `stop`
    wait = std::min(2 * wait, retry_most);
  }
}

Writer::Step Writer::step() {
  if (failed()) return Step::failed;
  if (!batch_) batch_ = queue_.try_take();
  return batch_ ? flush() : Step::idle;
}

Writer::Step Writer::flush() {
  if (failed()) return Step::failed;
  const int64_t begun_us = os::stopwatch_us();
  if (auto done = flush_batch(); !done) return report(done.error());
  flush_times_.record(os::stopwatch_us() - begun_us);
  stalled_ = false;
  const Position end = batch_->end;
  batch_.reset();
  if constexpr (planted_bug != PlantedBug::acknowledge_before_sync) publish(end);
  return Step::flushed;
}

Writer::Step Writer::report(const Error& error) {
  if (error.code == ErrorCode::disk_full) {
    if (!std::exchange(stalled_, true) && events_.stalled) events_.stalled(error);
    return Step::stalled;
  }
  fail_from_outside();
  batch_.reset();
  if (events_.failed) events_.failed(error);
  return Step::failed;
}

void Writer::publish(Position end) {
  durable_.store(end.value, std::memory_order_release);
  if (events_.durable) events_.durable(end);
}

Status Writer::flush_batch() {
  if (batch_->segment != segment_) HOLDFAST_CHECKED(use_segment(batch_->segment));
  if constexpr (planted_bug == PlantedBug::acknowledge_before_sync) publish(batch_->end);
  fault::point("log.before_write");
  HOLDFAST_CHECKED(file_->write_pages(batch_->file_offset, batch_->bytes()));
  fault::point("log.after_write");
  fault::point("log.before_sync");
  HOLDFAST_CHECKED(final_sync(*file_));
  fault::point("log.after_sync");
  return {};
}

/// The old segment is wholly durable by now. The new one gets its header, then its name; only when
/// both are durable does a frame go into it. So a file that has a segment's name has a good header,
/// whenever the power goes.
Status Writer::use_segment(const SegmentPtr& segment) {
  std::unique_ptr<os::File> file;
  const std::string ready = HOLDFAST_TRY(ready_file(segment, file));
  ByteBuffer page(format::segment_header_bytes);
  format::encode(segment->header, page);
  if (auto written = file->write_at(0, page); !written) {
    (void)files_.remove(ready);
    return written;
  }
  HOLDFAST_CHECKED(final_sync(*file));
  fault::point("log.segment_created");
  auto rename_and_sync = [&]() -> Status {
    HOLDFAST_CHECKED(files_.rename(ready, segment->path));
    return files_.sync_directory(folder_);
  };
  if (auto named = rename_and_sync(); !named) return fail(ErrorCode::io, named.error().message);
  fault::point("log.segment_named");
  const SegmentPtr sealed = std::exchange(segment_, segment);
  file_ = std::move(file);
  if (sealed && events_.sealed) events_.sealed(sealed);
  return {};
}

/// A spare, or a file made on the spot. Answers its path.
Result<std::string> Writer::ready_file(const SegmentPtr& segment, std::unique_ptr<os::File>& file) {
  const uint64_t bytes = segment->header.file_bytes;
  if (const std::string spare = spares_.take(); !spare.empty()) {
    file = HOLDFAST_TRY(files_.open(spare, os::OpenMode::read_write));
    if (HOLDFAST_TRY(file->size()) == bytes) return spare;
    HOLDFAST_CHECKED(files_.remove(spare));
  }
  const std::string path = folder_ + "/" + format::preparing_name(segment->header.sequence);
  file = HOLDFAST_TRY(files_.open(path, os::OpenMode::create_or_open));
  auto filled = file->allocate(bytes);
  if (filled && bytes <= zero_fill_at_once_max) filled = file->zero_fill(0, bytes);
  if (filled) return path;
  (void)files_.remove(path);
  return std::unexpected(filled.error());
}

}  // namespace holdfast::log
