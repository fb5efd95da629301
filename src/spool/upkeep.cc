// The spool's opening, closing, checkpoints and trimming.
#include <algorithm>
#include <array>
#include <fmt/core.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/log_line.h"
#include "spool/replay.h"
#include "spool/spool.h"

namespace holdfast::spool {
namespace {

constexpr uint64_t mib = 1 << 20;
constexpr uint64_t bytes_max_least = 8 * mib;
constexpr int64_t close_wait_ms = 10'000;
constexpr int64_t note_shipped_every_ms =
    1'000;  // so that little has to be looked for in the topics after a kill
constexpr uint64_t pending_bytes_max = 24 * mib;  // sources run so far ahead of the disk
constexpr uint64_t recent_bytes_max = 16 * mib;   // shipping finds so much in memory
constexpr log::PartitionId state_partition{UINT32_MAX};

/// Segments are what can be given back, so there are at least four; and a large event must fit into
/// one.
uint64_t segment_size(uint64_t bytes_max) {
  return std::clamp<uint64_t>(bytes_max / 4 / mib * mib, 2 * mib, 64 * mib);
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(os::Files& files, os::Clock& clock,
                                           const SpoolSettings& settings) {
  if (settings.bytes_max < bytes_max_least) {
    return fail(ErrorCode::invalid, fmt::format("a spool needs at least {} bytes, not {}",
                                                bytes_max_least, settings.bytes_max));
  }
  std::unique_ptr<Spool> spool(new Spool(clock, settings));
  spool->segment_bytes_ = segment_size(settings.bytes_max);
  log::LogSettings log_settings;
  log_settings.folder = settings.folder;
  log_settings.segment_bytes = spool->segment_bytes_;
  log_settings.pending_bytes_max = std::min<uint64_t>(pending_bytes_max, settings.bytes_max / 2);
  log_settings.recent_bytes_max = recent_bytes_max;
  auto log = log::Log::open(files, log_settings);
  if (!log)
    return fail(log.error().code,
                fmt::format("spool {}: {}", settings.folder, log.error().message));
  spool->log_ = std::move(*log);
  HOLDFAST_CHECKED(spool->recover());
  HOLDFAST_CHECKED(spool->start());
  return spool;
}

Status Spool::recover() {
  Replay replay;
  if (const ByteView checkpoint = log_->checkpoint(); !checkpoint.empty()) {
    replay = Replay(HOLDFAST_TRY(parse_state(checkpoint)));
  }
  const log::Position from = log_->checkpoint_position();
  struct Seen {
    int64_t batch = -1;
    std::vector<Mark> marks;
  };
  std::vector<Seen> seen;
  // What lies before the checkpoint and is not shipped is needed from the log's beginning on, until
  // all of it is shipped.
  for (const SourceState& source : replay.sources()) {
    seen.push_back({.batch = -1, .marks = {{.batch = source.next_batch - 1, .end = from}}});
  }
  checkpoint_begin_ = log_->begin();
  const auto visit = [&](const log::Frame& frame) -> Status {
    HOLDFAST_CHECKED(replay.apply(frame));
    seen.resize(replay.sources().size());
    if (frame.key.kind != log::FrameKind::batch || frame.key.partition.value >= seen.size())
      return {};
    auto& marks = seen[frame.key.partition.value].marks;
    if (marks.empty() || frame.end.value - marks.back().end.value >= mib) {
      marks.push_back({.batch = frame.key.last_offset, .end = frame.end});
    }
    return {};
  };
  HOLDFAST_CHECKED(log_->replay(from, visit));
  for (size_t i = 0; i < replay.sources().size(); ++i) {
    Live& source = sources_.emplace_back();
    source.state = std::move(replay.sources()[i]);
    source.rejected_stream = source.state.rejected_stream();
    source.durable_sequence = source.state.next_sequence;
    source.needed = log_->begin();
    for (const Mark& mark : seen[i].marks) {
      if (mark.batch <= source.state.shipped_batch) {
        source.needed = std::max(source.needed, mark.end);
      } else {
        source.marks.push_back(mark);
      }
    }
  }
  return {};
}

Status Spool::start() {
  return log_->start({
      .durable = [this](log::Position) { changed([this] { disk_full_ = false; }); },
      .stalled =
          [this](const Error& error) {
            log_error("spool", "the disk is full, sources wait: {}", error.message);
            changed([this] { disk_full_ = true; });
          },
      .failed =
          [this](const Error& error) {
            log_error("spool", "stopped, and takes nothing more until a restart: {}",
                      error.message);
            changed([&] { failed_ = error; });
          },
      .segment_sealed = {},
  });
}

/// Writes the state of all sources into the log itself, so that the log alone tells everything (to
/// `inspect`, and if the checkpoint is lost).
Result<log::Position> Spool::append_state() {
  std::vector<SourceState> states;
  for (const Live& source : sources_) states.push_back(source.state);
  state_bytes_ = encode_state(states);
  const log::FrameKey key{.kind = log::FrameKind::state, .partition = state_partition};
  const std::array<ByteView, 1> parts = {ByteView(state_bytes_)};
  const log::Position end = HOLDFAST_TRY(log_->append(key, parts));
  shipped_since_state_ = false;
  last_state_ms_ = clock_.steady_ms();
  return end;
}

/// A state frame that becomes the checkpoint once it is durable.
Status Spool::append_checkpoint() {
  const log::Position begin = log_->end();
  state_end_ = HOLDFAST_TRY(append_state());
  state_begin_ = begin;
  state_waits_ = true;
  shipped_since_checkpoint_ = false;
  return {};
}

log::Position Spool::needed_from() const {
  log::Position least = checkpoint_begin_;
  for (const Live& source : sources_) {
    // A source of which everything is shipped needs nothing.
    if (source.state.shipped_batch == source.state.next_batch - 1) continue;
    least = std::min(least, source.needed);
  }
  return least;
}

/// Checkpoint after about a segment of new bytes, so that a restart reads little; or when full and
/// something was shipped since, because only what lies below the checkpoint can be given back. In
/// between, what was shipped is noted. Never waits: each step is taken when the one before is done.
void Spool::housekeep() {
  if (state_waits_ && log_->durable() >= state_end_) {
    fault::point("spool.before_checkpoint");
    log_->write_checkpoint(state_end_, std::move(state_bytes_));
    state_bytes_.clear();
    state_waits_ = false;
    checkpoint_begin_ = state_begin_;
  }
  const uint64_t since = log_->end().value - state_begin_.value;
  // `limit` when much waits to be durable: the next call tries again.
  if (!state_waits_ && (since >= segment_bytes_ || (full_ && shipped_since_checkpoint_))) {
    static_cast<void>(append_checkpoint().has_value());
  } else if (!state_waits_ && shipped_since_state_ &&
             clock_.steady_ms() - last_state_ms_ >= note_shipped_every_ms) {
    static_cast<void>(append_state().has_value());
  }
  const log::Position before = needed_from();
  const log::Position begin = log_->begin();
  if (before.value < begin.value + segment_bytes_) return;
  fault::point("spool.before_trim");
  log_->trim(before);
  if (log_->begin() != begin) wake();
}

void Spool::close() {
  if (log_ == nullptr || failure() || sources_.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    if (!append_checkpoint()) return;
  }
  const int64_t deadline = clock_.steady_ms() + close_wait_ms;
  uint64_t seen = changes();
  while (log_->durable() < state_end_ && !failure() && clock_.steady_ms() < deadline) {
    wait_for_change(seen, 100);
    seen = changes();
  }
  const std::lock_guard lock(mutex_);
  if (failure() || log_->durable() < state_end_) return;
  log_->write_checkpoint(state_end_, std::move(state_bytes_));
  if (const Status written = log_->wait_for_checkpoint(); !written) {
    log_warning("spool", "no checkpoint at the end, the next start reads more: {}",
                written.error().message);
  }
}

Spool::~Spool() {
  close();
  log_.reset();
}

}  // namespace holdfast::spool
