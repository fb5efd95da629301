#include "log/engine.h"

#include <algorithm>
#include <fmt/core.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/log_line.h"
#include "base/os/priority.h"

namespace holdfast::log {
namespace {

constexpr uint64_t segment_unit = 1 << 20;
constexpr uint64_t segment_bytes_most = 16ull << 30;
/// The first segment of an empty folder is small, so that it is made in milliseconds; meanwhile the
/// next is prepared.
constexpr uint64_t first_segment_bytes = 8 << 20;
/// After a failed job of the cleaner. The disk may be full for long.
constexpr int64_t clean_pause_ms = 10'000;

Status check_settings(const LogSettings& settings) {
  if (settings.segment_bytes == 0 || settings.segment_bytes % segment_unit != 0 ||
      settings.segment_bytes > segment_bytes_most) {
    return fail(ErrorCode::invalid,
                fmt::format("segment_bytes is {}; it must be a multiple of 1 MiB, at most 16 GiB",
                            settings.segment_bytes));
  }
  if (settings.bytes_max < settings.segment_bytes) {
    return fail(ErrorCode::invalid, fmt::format("bytes_max is {}, less than one segment of {}",
                                                settings.bytes_max, settings.segment_bytes));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(os::Files& files, const LogSettings& settings) {
  return HOLDFAST_TRY(Engine::open(files, settings, {}));
}

Engine::Engine(os::Files& files, const LogSettings& settings, const Options& options)
    : files_(files),
      settings_(settings),
      options_(options),
      recent_(settings.recent_bytes_max, options.chunk_bytes),
      queue_(recent_, options.flush_bytes_max),
      catalog_(files, recent_),
      writer_(files, settings.folder, queue_, spares_),
      housekeeper_(files, settings.folder, spares_, settings.segment_bytes),
      cleaner_(files, settings_),
      planner_(catalog_, settings_) {}

Result<std::unique_ptr<Engine>> Engine::open(os::Files& files, const LogSettings& settings,
                                             const Options& options) {
  HOLDFAST_CHECKED(check_settings(settings));
  HOLDFAST_CHECKED(files.create_directories(settings.folder));
  std::unique_ptr<Engine> engine(new Engine(files, settings, options));
  auto lock = files.lock(settings.folder + "/" + std::string(format::lock_name));
  if (!lock) {
    return fail(lock.error().code, fmt::format("cannot open log folder {}: {}", settings.folder,
                                               lock.error().message));
  }
  engine->lock_ = std::move(*lock);
  HOLDFAST_CHECKED(
      engine->take_over(HOLDFAST_TRY(recover(files, settings.folder, settings.segment_bytes))));
  return engine;
}

Status Engine::take_over(Recovered recovered) {
  fresh_ = recovered.fresh;
  needs_mark_ = recovered.needs_mark;
  garbage_ = std::move(recovered.garbage);
  unindexed_ = std::move(recovered.unindexed);
  end_ = recovered.end;
  next_generation_ = recovered.next_generation;
  checkpoint_file_ = std::move(recovered.checkpoint.file);
  if (!checkpoint_file_.empty()) {
    checkpoint_state_ = ByteView(checkpoint_file_).subspan(format::checkpoint_header_bytes);
  }
  housekeeper_.set_checkpoint_position(recovered.checkpoint.where.upto);
  housekeeper_.begin_spares_at(recovered.next_spare);
  for (std::string& spare : recovered.spares) spares_.put(std::move(spare));
  for (const SegmentPtr& segment : recovered.settled) catalog_.add_settled(segment);
  for (const SegmentPtr& segment : recovered.segments) catalog_.add_segment(segment);
  has_manifest_ = recovered.manifest != format::Manifest{};
  for (const auto& cleaned : recovered.manifest.cleaned)
    compacted_.push_back({cleaned.partition, cleaned.upto});
  planner_.begin(recovered.manifest);
  cleaner_.set_manifest(std::move(recovered.manifest));
  if (!recovered.segments.empty()) {
    queue_.resume(recovered.segments.back(), recovered.begun_page);
    writer_.resume(recovered.segments.back(), std::move(recovered.active_file), recovered.end);
  }
  return {};
}

Status Engine::prepare_folder() {
  for (const std::string& path : garbage_) {
    if (auto gone = files_.remove(path); !gone && gone.error().code != ErrorCode::not_found)
      return gone;
  }
  if (!fresh_) return {};
  const std::string meta = format::encode_meta();
  return os::replace_file(files_, settings_.folder + "/" + std::string(format::meta_name),
                          as_bytes(meta));
}

Status Engine::start(Callbacks callbacks) {
  HOLDFAST_CHECK(!started_);
  HOLDFAST_CHECKED(prepare_folder());
  callbacks_ = std::move(callbacks);
  writer_.set_events({.durable = callbacks_.durable,
                      .stalled = callbacks_.stalled,
                      .failed = [this](const Error& error) { fail_once(error); },
                      .sealed =
                          [this](const SegmentPtr& segment) {
                            housekeeper_.write_index(segment);
                            if (callbacks_.segment_sealed) callbacks_.segment_sealed(segment->end);
                          }});
  housekeeper_.set_events({.index_written =
                               [this](const SegmentPtr& segment) {
                                 const std::lock_guard lock(indexed_mutex_);
                                 indexed_.push_back(segment);
                                 any_indexed_.store(true, std::memory_order_release);
                               },
                           .checkpoint_written = callbacks_.checkpoint_written,
                           .failed = [this](const Error& error) { fail_once(error); }});
  cleaner_.set_done(callbacks_.cleaned);
  started_ = true;
  for (SegmentPtr& segment : unindexed_) housekeeper_.write_index(std::move(segment));
  unindexed_.clear();
  if (options_.threads) {
    writer_thread_ = std::thread([this] { writer_.run(); });
    housekeeper_thread_ = std::thread([this] { housekeeper_.run(); });
    if (settings_.cleaner.enabled || has_manifest_)
      cleaner_thread_ = std::thread([this] {
        os::let_others_go_first();
        cleaner_.run();
      });
  }
  return {};
}

Engine::~Engine() {
  if (!started_) return;
  cleaner_.stop();
  if (cleaner_thread_.joinable()) cleaner_thread_.join();
  queue_.stop();
  if (writer_thread_.joinable()) writer_thread_.join();
  while (writer_.step() == Writer::Step::flushed) {
  }
  writer_.set_events({});
  mark_end();
  housekeeper_.stop();
  if (housekeeper_thread_.joinable()) housekeeper_thread_.join();
  while (!options_.threads && housekeeper_.step()) {
  }
}

/// A last frame, of the log's own, says that all before it had been durable. So a damaged last
/// frame is seen as damage at the next start, and not taken for a torn tail.
void Engine::mark_end() {
  if (!needs_mark_ || writer_.failed() || durable() != end_) return;
  queue_frame({.kind = format::mark_kind, .partition = {}}, {}, 0);
  writer_.step();
}

void Engine::fail_once(const Error& error) {
  writer_.fail_from_outside();
  if (failure_told_.exchange(true)) return;
  log_error("log", "read-only until restart: {}", error.message);
  if (callbacks_.failed) callbacks_.failed(error);
}

Status Engine::plan_segment(uint64_t frame) {
  auto segment = std::make_shared<Segment>();
  const auto& segments = catalog_.segments();
  const bool first = segments.empty();
  // A segment that is sealed before it is full must not make the next one wait.
  const bool early = frame == 0 && spares_.empty();
  const bool small = (first || early) && frame <= format::frames_max_bytes(first_segment_bytes);
  segment->header.sequence = first ? 0 : segments.back()->header.sequence + 1;
  segment->header.generation = next_generation_;
  segment->header.begin = end_;
  segment->header.file_bytes =
      small ? std::min(first_segment_bytes, settings_.segment_bytes) : settings_.segment_bytes;
  if (catalog_.bytes_used() + segment->header.file_bytes > settings_.bytes_max) {
    return fail(ErrorCode::limit,
                fmt::format("the log in {} holds {} bytes and may hold {}", settings_.folder,
                            catalog_.bytes_used(), settings_.bytes_max));
  }
  segment->path = settings_.folder + "/" + format::segment_name(segment->header.sequence);
  segment->index_path = settings_.folder + "/" + format::index_name(segment->header.sequence);
  segment->end = end_;
  segment->of_this_run = true;
  segment->hot = std::make_shared<HotIndex>();
  ++next_generation_;
  catalog_.add_segment(segment);
  return {};
}

Result<Position> Engine::append(const FrameKey& key, std::span<const ByteView> body) {
  HOLDFAST_CHECK(started_);
  if (writer_.failed())
    return fail(ErrorCode::read_only, "the log stopped after a failed write; restart to recover");
  uint64_t body_bytes = 0;
  for (const ByteView part : body) body_bytes += part.size();
  const uint64_t bytes = format::frame_bytes(body_bytes);
  if (bytes >
      std::min(format::frames_max_bytes(settings_.segment_bytes), settings_.pending_bytes_max)) {
    return fail(ErrorCode::invalid,
                fmt::format("a frame of {} bytes is larger than a segment can hold", body_bytes));
  }
  if (end_.value - durable().value + bytes > settings_.pending_bytes_max) {
    return fail(ErrorCode::limit,
                fmt::format("{} bytes wait to be made durable", end_.value - durable().value));
  }
  install_indexes();
  const auto& segments = catalog_.segments();
  if (segments.empty() || !segments.back()->has_room(bytes)) HOLDFAST_CHECKED(plan_segment(bytes));
  queue_frame(key, body, static_cast<uint32_t>(body_bytes));
  const Segment& active = *segments.back();
  const bool filling = active.used_bytes() > active.header.file_bytes / 4 || segments.size() == 1;
  if (filling && settings_.prepare_ahead && spare_asked_for_ != active.header.sequence) {
    spare_asked_for_ = active.header.sequence;
    housekeeper_.want_spare();
  }
  return end_;
}

void Engine::queue_frame(const FrameKey& key, std::span<const ByteView> body, uint32_t body_bytes) {
  const SegmentPtr& active = catalog_.segments().back();
  const format::FrameHeader header{.body_bytes = body_bytes,
                                   .generation = active->header.generation,
                                   .position = end_,
                                   .durable_before = durable(),
                                   .key = key};
  end_.value += format::frame_bytes(body_bytes);
  active->end = end_;
  if (key.kind == FrameKind::batch) catalog_.add_frame(header);
  needs_mark_ = key.kind != format::mark_kind;
  queue_.push(active, header, body);
}

void Engine::install_indexes() {
  if (!any_indexed_.load(std::memory_order_acquire)) return;
  std::vector<SegmentPtr> ready;
  {
    const std::lock_guard lock(indexed_mutex_);
    ready.swap(indexed_);
    any_indexed_.store(false, std::memory_order_relaxed);
  }
  const auto& segments = catalog_.segments();
  for (const SegmentPtr& segment : ready) {
    const bool live =
        !segments.empty() && segment->header.sequence >= segments.front()->header.sequence;
    if (live && segment->hot) catalog_.install_index_file(segment);
  }
}

Position Engine::begin() const {
  return catalog_.segments().empty() ? end_ : catalog_.segments().front()->header.begin;
}

Status Engine::replay(Position from, const std::function<Status(const Frame&)>& visit) {
  return catalog_.replay(std::max(from, begin()), durable(), visit);
}

Result<std::vector<Frame>> Engine::read(PartitionId partition, int64_t from_offset,
                                        uint64_t bytes_max, bool at_least_one) {
  install_indexes();
  return catalog_.read(partition, from_offset, bytes_max, at_least_one, durable());
}

Result<std::optional<Frame>> Engine::find_time(PartitionId partition, int64_t from_offset,
                                               int64_t timestamp_ms) {
  install_indexes();
  return catalog_.find_time(partition, from_offset, timestamp_ms, durable());
}

Result<std::optional<Frame>> Engine::find_max_timestamp(PartitionId partition,
                                                        int64_t from_offset) {
  install_indexes();
  return catalog_.find_max_timestamp(partition, from_offset, durable());
}

void Engine::write_checkpoint(Position upto, ByteBuffer state) {
  const Position known = durable();
  HOLDFAST_CHECK(upto <= known);
  housekeeper_.write_checkpoint(upto, known, std::move(state));
}

Status Engine::wait_for_checkpoint() {
  if (!options_.threads) {
    while (housekeeper_.step()) {
    }
  }
  return housekeeper_.wait_for_checkpoint();
}

void Engine::trim(Position before) {
  install_indexes();
  const Position limit = std::min(before, given_up_below());
  drop_front_while([&](const Segment& segment) { return segment.end <= limit; });
}

void Engine::release(PartitionId partition, int64_t from_offset) {
  if (auto released = catalog_.release(partition, from_offset); !released) {
    log_warning("log", "space is not given back: {}", released.error().message);
  }
  released_at_ = end_;
}

/// Segments that end at or below it may go: a checkpoint covers them, and the segment behind them
/// is on the disk, not only planned.
Position Engine::given_up_below() const {
  const uint64_t durable_end = durable().value;
  return std::min(checkpoint_position(),
                  Position{durable_end - std::min<uint64_t>(durable_end, 1)});
}

CleaningNeeds Engine::clean(const CleaningRules& rules) {
  install_indexes();
  take_over_cleaned(rules.now_ms());
  if (!compacted_.empty()) return {.compacted = std::exchange(compacted_, {})};
  if (durable() < released_at_ || !started_ || writer_.failed()) return {};
  const Position ready = given_up_below();
  if (!cleaner_.idle()) return {};
  has_manifest_ = has_manifest_ || cleaner_.in_doubt();
  if (!has_manifest_) {
    drop_front_while(
        [&](const Segment& segment) { return segment.live_bytes == 0 && segment.end <= ready; });
  }
  const bool may_work = settings_.cleaner.enabled || has_manifest_;
  if (!may_work || catalog_.segments().empty()) return {};
  const int64_t now_ms = rules.now_ms();
  if (now_ms < clean_again_ms_ && now_ms + clean_pause_ms >= clean_again_ms_)  // unless it was set
    return {.next_ms = clean_again_ms_};
  auto job = planner_.plan(rules, ready);
  if (!job) {
    log_warning("log", "nothing is cleaned: {}", job.error().message);
    return {};
  }
  if (*job) {
    (*job)->generation = next_generation_++;
    compaction_began_ms_ = (*job)->compactions.empty() ? -1 : now_ms;
    cleaner_.begin(std::move(**job));
  }
  return planner_.needs();
}

/// The new files take the place of the old ones, which nobody can begin to map any more then.
void Engine::take_over_cleaned(int64_t now_ms) {
  for (const SegmentPtr& segment : cleaner_.take_unreadable()) segment->unreadable = true;
  if (cleaner_.take_given_up()) clean_again_ms_ = now_ms + clean_pause_ms;
  for (CleanResult& result : cleaner_.take()) {
    has_manifest_ = true;
    catalog_.replace(result.inputs, result.outputs);
    planner_.cleaned(result, now_ms);
    for (const auto& cleaned : result.cleaned)
      compacted_.push_back({cleaned.partition, cleaned.upto});
    if (!result.cleaned.empty()) {
      last_compaction_ms_ = now_ms;
      last_compaction_took_ms_ = std::max<int64_t>(now_ms - compaction_began_ms_, 0);
    }
    housekeeper_.remove(std::move(result.inputs));
    queue_.wake();  // a full disk may have space again
  }
}

CleanerNumbers Engine::cleaner_numbers() const {
  CleanerNumbers numbers;
  cleaner_.tell(numbers);
  planner_.tell(numbers);
  numbers.last_compaction_ms = last_compaction_ms_;
  numbers.last_compaction_took_ms = last_compaction_took_ms_;
  return numbers;
}

void Engine::seal() {
  const auto& segments = catalog_.segments();
  if (!started_ || writer_.failed() || segments.empty() ||
      segments.back()->used_bytes() <= format::segment_header_bytes)
    return;
  install_indexes();
  if (auto planned = plan_segment(0); !planned) {
    log_info("log", "segment not sealed: {}", planned.error().message);
    return;
  }
  queue_frame({.kind = format::mark_kind, .partition = {}}, {}, 0);
  needs_mark_ = true;
}

void Engine::drop_front_while(const std::function<bool(const Segment&)>& unwanted) {
  std::vector<SegmentPtr> gone;
  const auto& segments = catalog_.segments();
  while (segments.size() > 1 && unwanted(*segments.front())) {
    gone.push_back(catalog_.drop_front());
  }
  if (gone.empty()) return;
  housekeeper_.remove(std::move(gone));
  queue_.wake();  // a full disk may have space again
}

}  // namespace holdfast::log
