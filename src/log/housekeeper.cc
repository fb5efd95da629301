#include "log/housekeeper.h"

#include <fmt/core.h>

#include "base/fault.h"
#include "base/log_line.h"

namespace holdfast::log {
namespace {

/// So small that a sync of the log waits for little.
constexpr uint64_t fill_step_bytes = 1 << 20;
constexpr uint64_t give_back_step_bytes = 4 << 20;

/// Sealed segments whose index could not be written; each one's index stays in memory.
constexpr size_t index_tasks_max = 16;

}  // namespace

void Housekeeper::want_spare() {
  {
    const std::lock_guard lock(mutex_);
    spare_wanted_ = true;
  }
  changed_.notify_all();
}

void Housekeeper::write_index(SegmentPtr sealed) {
  size_t waiting = 0;
  {
    const std::lock_guard lock(mutex_);
    index_tasks_.push_back(std::move(sealed));
    index_retry_waits_ = false;
    waiting = index_tasks_.size();
  }
  changed_.notify_all();
  if (waiting > index_tasks_max && events_.failed) {
    events_.failed({ErrorCode::io,
                    fmt::format("{} index files could not be written in {}", waiting, folder_)});
  }
}

void Housekeeper::write_checkpoint(Position upto, Position durable, ByteBuffer state) {
  {
    const std::lock_guard lock(mutex_);
    checkpoint_task_ = CheckpointTask{upto, durable, std::move(state)};
  }
  changed_.notify_all();
}

void Housekeeper::remove(std::vector<SegmentPtr> segments) {
  {
    const std::lock_guard lock(mutex_);
    for (auto& segment : segments) removals_.push_back(std::move(segment));
    removal_retry_waits_ = false;
  }
  changed_.notify_all();
}

Status Housekeeper::wait_for_checkpoint() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !checkpoint_task_ && !checkpoint_busy_; });
  return checkpoint_status_;
}

bool Housekeeper::has_work_locked() const {
  return checkpoint_task_ || (!index_tasks_.empty() && !index_retry_waits_) ||
         (!removals_.empty() && !removal_retry_waits_) ||
         ((spare_wanted_ || removed_) && !stopped_);
}

void Housekeeper::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopped_ || has_work_locked(); });
      if (stopped_ && !has_work_locked()) return;
    }
    step();
  }
}

void Housekeeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

bool Housekeeper::step() {
  std::unique_lock lock(mutex_);
  return step_checkpoint(lock) || step_index(lock) || step_giving_back(lock) ||
         step_removal(lock) || step_spare(lock);
}

bool Housekeeper::step_checkpoint(std::unique_lock<std::mutex>& lock) {
  if (!checkpoint_task_) return false;
  const CheckpointTask task = std::move(*checkpoint_task_);
  checkpoint_task_.reset();
  checkpoint_busy_ = true;
  lock.unlock();
  const auto bytes = format::encode(format::Checkpoint{task.upto, task.durable}, task.state);
  auto written =
      os::replace_file(files_, folder_ + "/" + std::string(format::checkpoint_name), bytes);
  if (written) {
    checkpoint_.store(task.upto.value, std::memory_order_release);
    fault::point("log.checkpoint_written");
    if (events_.checkpoint_written) events_.checkpoint_written(task.upto);
  } else {
    log_warning("log", "checkpoint not written, the one before it stays: {}",
                written.error().message);
  }
  lock.lock();
  checkpoint_busy_ = false;
  checkpoint_status_ = std::move(written);
  changed_.notify_all();
  return true;
}

bool Housekeeper::step_index(std::unique_lock<std::mutex>& lock) {
  if (index_tasks_.empty() || index_retry_waits_) return false;
  const SegmentPtr segment = index_tasks_.front();
  lock.unlock();
  fault::point("log.segment_sealed");
  const auto bytes = encode_index(*segment->hot, segment->header, segment->end);
  const auto written = os::replace_file(files_, segment->index_path, bytes);
  lock.lock();
  if (!written) {
    index_retry_waits_ = true;
    log_warning("log", "index file not written, tried again at the next segment: {}",
                written.error().message);
    return true;
  }
  index_tasks_.pop_front();
  lock.unlock();
  fault::point("log.index_written");
  if (events_.index_written) events_.index_written(segment);
  return true;
}

/// Piece by piece: where the file system tells the disk at once what is free, 64 MiB take more than
/// ten milliseconds, and whoever writes to another file waits for all of them.
bool Housekeeper::step_giving_back(std::unique_lock<std::mutex>& lock) {
  if (!removed_ || stopped_) return false;
  lock.unlock();
  removed_->bytes -= std::min(removed_->bytes, give_back_step_bytes);
  const auto given_back = removed_->file->truncate(removed_->bytes);
  if (!given_back || removed_->bytes == 0) removed_.reset();  // what is left goes when it is closed
  lock.lock();
  return true;
}

bool Housekeeper::step_removal(std::unique_lock<std::mutex>& lock) {
  if (removals_.empty() || removal_retry_waits_) return false;
  const SegmentPtr segment = removals_.front();
  std::erase(index_tasks_, segment);  // on a full disk its index may still wait to be written
  lock.unlock();
  const auto removed = remove_segment(*segment);
  lock.lock();
  if (removed) {
    removals_.pop_front();
  } else {
    removal_retry_waits_ = true;
    log_warning("log", "trimmed segment not removed, tried again at the next trim: {}",
                removed.error().message);
  }
  return true;
}

/// Oldest first, and the folder is synced before the next one goes: a power cut may leave any
/// prefix of the removals undone, but never a hole, so that a hole always means damage.
Status Housekeeper::remove_segment(Segment& segment) {
  if (auto gone = files_.remove(segment.index_path);
      !gone && gone.error().code != ErrorCode::not_found)
    return gone;
  fault::point("log.trim_index_removed");
  // A file that a reader still maps must keep its bytes: it is unlinked, never used again.
  const bool mapped = !segment.mapped.expired();
  const bool reuse = !segment.settled() && segment.header.file_bytes == segment_bytes_ && !mapped &&
                     spares_.wants_more();
  std::unique_ptr<os::File> file;  // open while its name goes, so that its blocks do not go with it
  if (!reuse && !mapped) {
    if (auto opened = files_.open(segment.path, os::OpenMode::read_write))
      file = *std::move(opened);
  }
  const std::string spare = folder_ + "/" + format::spare_name(next_spare_);
  auto gone = reuse ? files_.rename(segment.path, spare) : files_.remove(segment.path);
  if (!gone && gone.error().code != ErrorCode::not_found) return gone;
  fault::point("log.trim_renamed");
  HOLDFAST_CHECKED(files_.sync_directory(folder_));
  if (reuse && gone) {
    ++next_spare_;
    spares_.put(spare);
  }
  if (file) removed_ = Removed{.file = std::move(file), .bytes = segment.header.file_bytes};
  return {};
}

bool Housekeeper::step_spare(std::unique_lock<std::mutex>& lock) {
  if (!spare_wanted_ || stopped_) return false;
  if (!preparation_ && !spares_.empty()) {
    spare_wanted_ = false;
    return true;
  }
  lock.unlock();
  const auto done = prepare_some();
  lock.lock();
  if (!done) {  // a full disk, most likely: the writer will say so when it matters
    if (preparation_) (void)files_.remove(preparation_->path);
    preparation_.reset();
    spare_wanted_ = false;
    log_info("log", "no segment prepared ahead: {}", done.error().message);
  } else if (!preparation_) {
    spare_wanted_ = false;
  }
  return true;
}

Status Housekeeper::prepare_some() {
  if (!preparation_) {
    const std::string path = folder_ + "/" + format::preparing_name(UINT64_MAX - next_spare_);
    auto file = HOLDFAST_TRY(files_.open(path, os::OpenMode::create_or_open));
    preparation_ = Preparation{.path = path, .file = std::move(file), .filled = 0};
    return preparation_->file->allocate(segment_bytes_);
  }
  Preparation& made = *preparation_;
  if (made.filled < segment_bytes_) {
    HOLDFAST_CHECKED(made.file->zero_fill(made.filled, made.filled + fill_step_bytes));
    made.filled += fill_step_bytes;
    return {};
  }
  HOLDFAST_CHECKED(made.file->sync_data());
  const std::string spare = folder_ + "/" + format::spare_name(next_spare_);
  HOLDFAST_CHECKED(files_.rename(made.path, spare));
  fault::point("log.spare_ready");
  ++next_spare_;
  spares_.put(spare);
  preparation_.reset();
  return {};
}

}  // namespace holdfast::log
