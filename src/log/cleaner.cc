#include "log/cleaner.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/log_line.h"
#include "log/frame_reader.h"

namespace holdfast::log {
namespace {

constexpr uint64_t step_bytes = 1 << 20;

uint64_t used_bytes(const std::vector<SegmentPtr>& segments) {
  uint64_t bytes = 0;
  for (const SegmentPtr& segment : segments) bytes += segment->used_bytes();
  return bytes;
}

}  // namespace

const char* name(CleanWork work) {
  switch (work) {
    case CleanWork::drop:
      return "drop";
    case CleanWork::compact:
      return "compact";
    case CleanWork::settle:
      return "settle";
    case CleanWork::rewrite:
      return "rewrite";
    case CleanWork::merge:
      return "merge";
  }
  return "?";
}

/// A job under way. The places go up: unit, partition, input, entry.
struct Cleaner::Work {
  Work(os::Files& files, const LogSettings& settings, CleanJob todo, uint64_t next_number)
      : job(std::move(todo)),
        writer(files, {.folder = settings.folder,
                       .segment_bytes = settings.segment_bytes,
                       .generation = job.generation,
                       .next_number = next_number,
                       .begin = job.units.front().inputs.front().segment->header.begin}),
        reader(files),
        compactor(settings.cleaner.key_table_bytes_max) {}

  const CleanInput& input() const { return job.units[unit].inputs[place.input]; }

  struct Place {
    size_t partition = 0;
    size_t input = 0;
    size_t entry = 0;
  };

  CleanJob job;
  SettledWriter writer;
  FrameReader reader;
  Compactor compactor;
  size_t task = 0;  // of the compactions; behind them, copying begins
  bool task_begun = false;
  size_t unit = 0;
  bool unit_begun = false;
  std::vector<PartitionId> partitions;  // of the unit, those apart at the end
  Place place;
  uint64_t left_bytes = 0;   // of the unit's frames, at most
  uint64_t moved_bytes = 0;  // since the last step
  uint64_t input_bytes = 0;  // of the units that are done, and what became of them
  uint64_t output_bytes = 0;
};

Cleaner::Cleaner(os::Files& files, const LogSettings& settings)
    : files_(files), settings_(settings) {}
Cleaner::~Cleaner() = default;

void Cleaner::set_manifest(format::Manifest manifest) {
  manifest_ = std::move(manifest);
}

bool Cleaner::idle() const {
  const std::lock_guard lock(mutex_);
  return !job_ && !busy_ && results_.empty();
}

void Cleaner::begin(CleanJob job) {
  HOLDFAST_CHECK(!job.units.empty() && !job.units.front().inputs.empty());
  {
    const std::lock_guard lock(mutex_);
    HOLDFAST_CHECK(!job_ && !busy_);
    job_ = std::move(job);
  }
  changed_.notify_all();
}

std::vector<CleanResult> Cleaner::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(results_, {});
}

std::vector<SegmentPtr> Cleaner::take_unreadable() {
  const std::lock_guard lock(mutex_);
  return std::exchange(unreadable_, {});
}

bool Cleaner::take_given_up() {
  const std::lock_guard lock(mutex_);
  return std::exchange(given_up_, false);
}

void Cleaner::tell(CleanerNumbers& numbers) const {
  for (size_t i = 0; i < jobs_.size(); ++i) numbers.jobs[i] = jobs_[i].value();
  numbers.jobs_given_up = jobs_given_up_.value();
  numbers.read_bytes = read_bytes_.value();
  numbers.written_bytes = written_bytes_.value();
  numbers.recopied = recopied_.load(std::memory_order_relaxed);
  numbers.in_doubt = in_doubt();
}

void Cleaner::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

void Cleaner::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopped_ || job_ || busy_; });
      if (stopped_) break;
    }
    step();
    pace();
  }
  if (work_) work_->writer.discard();
  work_.reset();
}

/// Sleeps as long as what was read and written so far is ahead of the rate that is allowed.
void Cleaner::pace() {
  const uint64_t rate = settings_.cleaner.bytes_per_second_max;
  if (rate == 0 || paced_bytes_ == 0) return;
  const std::chrono::microseconds due(paced_bytes_ * 1'000'000 / rate);
  paced_bytes_ = 0;
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, due, [&] { return stopped_; });
}

bool Cleaner::step() {
  {
    const std::lock_guard lock(mutex_);
    if (!work_ && job_) {
      work_ = std::make_unique<Work>(files_, settings_, std::move(*job_), manifest_.next_number);
      busy_ = true;
    }
    job_.reset();
  }
  if (!work_) return false;
  if (auto done = do_some(*work_); !done) give_up(done.error());
  bool finished = false;
  if (work_) {
    paced_bytes_ += std::exchange(work_->moved_bytes, 0);
    finished = work_->unit == work_->job.units.size();
  }
  if (finished) work_.reset();
  if (!work_) {
    {
      const std::lock_guard lock(mutex_);
      busy_ = false;
    }
    if (done_) done_();
  }
  return true;
}

Status Cleaner::do_some(Work& work) {
  if (in_doubt()) HOLDFAST_CHECKED(end_doubt(work));
  if (work.task < work.job.compactions.size()) return note_some(work);
  if (!work.unit_begun) begin_unit(work);
  if (work.place.partition < work.partitions.size()) return copy_some(work);
  return commit(work);
}

/// Reads the dirty range of the next partition to be compacted.
Status Cleaner::note_some(Work& work) {
  const CompactionTask& task = work.job.compactions[work.task];
  if (!std::exchange(work.task_begun, true)) {
    work.compactor.begin(task);
    work.unit = 0;
    work.place = {};
  }
  uint64_t bytes = 0;
  bool more = true;
  while (more && work.unit < work.job.units.size()) {
    const CleanInput& input = work.input();
    const auto slot = input.index->find(task.partition);
    const auto entries = slot ? input.index->entries(*slot) : std::span<const IndexEntry>();
    for (; more && work.place.entry < entries.size(); ++work.place.entry) {
      const IndexEntry& entry = entries[work.place.entry];
      if (entry.last_offset < task.dirty_from) continue;
      if (bytes >= step_bytes) {
        work.moved_bytes += bytes;
        return {};
      }
      const auto frame = HOLDFAST_TRY(work.reader.read(*input.segment, entry, task.partition));
      const auto batch = HOLDFAST_TRY(record::BatchView::parse(frame.body));
      more = HOLDFAST_TRY(work.compactor.note(batch));
      bytes += frame.body.size();
    }
    work.place.entry = 0;
    if (++work.place.input == work.job.units[work.unit].inputs.size()) {
      work.place.input = 0;
      ++work.unit;
    }
  }
  work.moved_bytes += bytes;
  ++work.task;
  work.task_begun = false;
  work.unit = 0;
  work.place = {};
  return {};
}

void Cleaner::begin_unit(Work& work) {
  std::set<PartitionId> here;
  work.left_bytes = 0;
  for (const CleanInput& input : work.job.units[work.unit].inputs) {
    work.left_bytes += input.segment->used_bytes();
    for (uint32_t slot = 0; slot < input.index->slots(); ++slot)
      here.insert(input.index->summary(slot).partition);
  }
  work.partitions.assign(here.begin(), here.end());
  std::ranges::stable_partition(work.partitions,
                                [&](PartitionId id) { return !work.job.apart.contains(id); });
  work.place = {};
  work.unit_begun = true;
}

/// Copies frames, one partition after the other, each through all inputs.
Status Cleaner::copy_some(Work& work) {
  uint64_t bytes = 0;
  while (work.place.partition < work.partitions.size()) {
    const PartitionId partition = work.partitions[work.place.partition];
    const auto released = work.job.live_from.find(partition);
    const int64_t live_from = released == work.job.live_from.end() ? 0 : released->second;
    const CleanInput& input = work.input();
    const auto slot = input.index->find(partition);
    const auto entries = slot ? input.index->entries(*slot) : std::span<const IndexEntry>();
    for (; work.place.entry < entries.size(); ++work.place.entry) {
      const IndexEntry& entry = entries[work.place.entry];
      if (entry.last_offset < live_from) continue;
      if (bytes >= step_bytes) {
        work.moved_bytes += bytes;
        return {};
      }
      bytes += 2 * entry.body_bytes + format::frame_header_bytes;
      HOLDFAST_CHECKED(copy(work, input, entry, partition));
    }
    HOLDFAST_CHECKED(next_place(work));
  }
  work.moved_bytes += bytes;
  return {};
}

Status Cleaner::next_place(Work& work) {
  work.place.entry = 0;
  if (++work.place.input < work.job.units[work.unit].inputs.size()) return {};
  work.place.input = 0;
  const bool was_apart = work.job.apart.contains(work.partitions[work.place.partition]);
  if (++work.place.partition == work.partitions.size()) return {};
  const bool is_apart = work.job.apart.contains(work.partitions[work.place.partition]);
  return was_apart != is_apart ? work.writer.cut() : Status();
}

Status Cleaner::copy(Work& work, const CleanInput& input, const IndexEntry& entry,
                     PartitionId partition) {
  const ReadFrame frame = HOLDFAST_TRY(work.reader.read(*input.segment, entry, partition));
  const uint64_t frame_bytes = format::frame_bytes(frame.body.size());
  const uint64_t expected = std::max(work.left_bytes, frame_bytes);
  work.left_bytes -= std::min(work.left_bytes, frame_bytes);
  if (!work.compactor.range_end(partition)) return work.writer.add(frame.key, frame.body, expected);
  const auto batch = HOLDFAST_TRY(record::BatchView::parse(frame.body));
  const auto stays = HOLDFAST_TRY(work.compactor.judge(partition, batch));
  if (!stays) return {};
  FrameKey key = frame.key;
  key.max_timestamp_ms = record::BatchView::parse(*stays)->max_timestamp_ms();
  return work.writer.add(key, *stays, expected);
}

/// From the moment at which the manifest is replaced the outputs count and the inputs do not.
Status Cleaner::commit(Work& work) {
  HOLDFAST_CHECKED(work.writer.finish());
  CleanResult result;
  for (const CleanInput& input : work.job.units[work.unit].inputs)
    result.inputs.push_back(input.segment);
  const bool last = work.unit + 1 == work.job.units.size();
  for (const CompactionTask& task : work.job.compactions) {
    if (!last) break;
    const int64_t upto = *work.compactor.range_end(task.partition);
    result.cleaned.push_back(
        {task.partition, upto, work.compactor.next_horizon_ms(task.partition)});
    const auto room = work.compactor.room(task.partition);
    if (room == Compactor::Room::too_little) result.without_room.push_back(task.partition);
    if (room == Compactor::Room::taken) result.crowded_out.push_back(task.partition);
  }
  result.outputs = work.writer.take();
  format::Manifest next = manifest_with(work, result);
  if (auto replaced = replace_manifest(next); !replaced) {
    stray_.insert(stray_.end(), result.outputs.begin(), result.outputs.end());
    return replaced;
  }
  fault::point("log.manifest_replaced");
  manifest_ = std::move(next);
  count(work, result);
  ++work.unit;
  work.unit_begun = false;
  work.reader.forget();
  const std::lock_guard lock(mutex_);
  results_.push_back(std::move(result));
  return {};
}

void Cleaner::count(Work& work, const CleanResult& result) {
  if (work.job.work != CleanWork::drop) {
    read_bytes_.add(used_bytes(result.inputs));
    written_bytes_.add(used_bytes(result.outputs));
  }
  work.input_bytes += used_bytes(result.inputs);
  work.output_bytes += used_bytes(result.outputs);
  if (work.unit + 1 < work.job.units.size()) return;
  jobs_[static_cast<size_t>(work.job.work)].add();
  if (work.job.work == CleanWork::compact && work.input_bytes > 0)
    recopied_.store(static_cast<double>(work.output_bytes) / static_cast<double>(work.input_bytes),
                    std::memory_order_relaxed);
}

/// As os::replace_file does it, but a failure before the new one can count, as that of a full disk,
/// is no more than a failure of the job.
Status Cleaner::replace_manifest(const format::Manifest& next) {
  const std::string path = settings_.folder + "/" + std::string(format::manifest_name);
  const std::string beside = path + ".new";
  {
    const ByteBuffer bytes = format::encode(next);
    const auto file = HOLDFAST_TRY(files_.open(beside, os::OpenMode::create_or_open));
    HOLDFAST_CHECKED(file->truncate(0));
    HOLDFAST_CHECKED(file->write_at(0, bytes));
    HOLDFAST_CHECKED(file->sync_data());
  }
  auto replaced = files_.rename(beside, path);
  if (replaced) replaced = files_.sync_directory(settings_.folder);
  if (replaced) return {};
  in_doubt_.store(true, std::memory_order_release);
  return replaced;
}

/// Nothing that failed is relied upon: the old manifest is written, renamed and synced as a new
/// file, and the files that the other one names were there all the time.
Status Cleaner::end_doubt(const Work& work) {
  // There may have been none at all, and segments were dropped without one.
  manifest_.raw_from = std::max(manifest_.raw_from, work.job.raw_from);
  HOLDFAST_CHECKED(replace_manifest(manifest_));
  in_doubt_.store(false, std::memory_order_release);
  for (const SegmentPtr& segment : std::exchange(stray_, {})) {
    (void)files_.remove(segment->path);
    (void)files_.remove(segment->index_path);
  }
  log_info("log", "the cleaner goes on: its manifest is written again");
  return {};
}

format::Manifest Cleaner::manifest_with(const Work& work, const CleanResult& result) const {
  format::Manifest next = manifest_;
  next.next_number = work.writer.next_number();
  next.raw_from = std::max(next.raw_from, work.job.raw_from);
  size_t place = next.settled.size();
  for (const SegmentPtr& input : result.inputs) {
    if (!input->settled()) {
      next.raw_from = input->header.sequence + 1;
      continue;
    }
    const auto found =
        std::ranges::find(next.settled, input->header.sequence, &format::Manifest::Settled::number);
    HOLDFAST_CHECK(found != next.settled.end());
    place = std::min(place, static_cast<size_t>(found - next.settled.begin()));
    next.settled.erase(found);
  }
  place = std::min(place, next.settled.size());
  std::vector<format::Manifest::Settled> added;
  for (const SegmentPtr& output : result.outputs)
    added.push_back({output->header.sequence, output->header.generation});
  next.settled.insert(next.settled.begin() + static_cast<std::ptrdiff_t>(place), added.begin(),
                      added.end());
  std::erase_if(next.cleaned, [&](const format::Manifest::Cleaned& cleaned) {
    const auto released = work.job.live_from.find(cleaned.partition);
    return released != work.job.live_from.end() && released->second == INT64_MAX;
  });
  for (const format::Manifest::Cleaned& cleaned : result.cleaned) {
    auto at = std::ranges::lower_bound(next.cleaned, cleaned.partition, {},
                                       &format::Manifest::Cleaned::partition);
    if (at == next.cleaned.end() || at->partition != cleaned.partition)
      at = next.cleaned.insert(at, cleaned);
    *at = cleaned;
  }
  return next;
}

void Cleaner::give_up(const Error& error) {
  Work& work = *work_;
  std::vector<SegmentPtr> unreadable;
  if (error.code == ErrorCode::disk_full) {
    log_warning("log", "cleaning ({}) waits: the disk is short of space: {}", name(work.job.work),
                error.message);
  } else {
    log_error("log", "cleaning ({}) given up: {}", name(work.job.work), error.message);
    if (error.code == ErrorCode::corrupt && work.unit < work.job.units.size()) {
      for (const CleanInput& input : work.job.units[work.unit].inputs)
        unreadable.push_back(input.segment);
    }
  }
  work.writer.discard();
  work_.reset();
  jobs_given_up_.add();
  const std::lock_guard lock(mutex_);
  given_up_ = true;
  for (SegmentPtr& segment : unreadable) unreadable_.push_back(std::move(segment));
}

}  // namespace holdfast::log
