#include "spool/spool.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fmt/core.h>

#include "base/check.h"
#include "base/fault.h"
#include "base/log_line.h"
#include "spool/batch_format.h"

namespace holdfast::spool {
namespace {

constexpr uint64_t mib = 1 << 20;
constexpr uint64_t mark_every = mib;
constexpr int64_t alarm_every_ms = 30'000;
constexpr size_t name_bytes_max = 200;
}  // namespace

void Spool::changed(const std::function<void()>& change) {
  {
    const std::lock_guard lock(change_mutex_);
    if (change) change();
    ++changes_;
  }
  condition_.notify_all();
}

std::optional<Error> Spool::failure() const {
  const std::lock_guard lock(change_mutex_);
  return failed_;
}

Result<SourceId> Spool::open_source(const std::string& name) {
  if (name.empty() || name.size() > name_bytes_max || name.find('/') != std::string::npos) {
    return fail(ErrorCode::invalid,
                fmt::format("a source's name has 1 to {} bytes and no '/': \"{}\"", name_bytes_max,
                            name.substr(0, name_bytes_max)));
  }
  const std::lock_guard lock(mutex_);
  for (size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].state.name == name) return SourceId{static_cast<uint32_t>(i)};
  }
  // The epoch is the wall clock, so that a spool that was lost and made anew never gives an old
  // stamp again.
  Live& source = sources_.emplace_back();
  source.state.name = name;
  source.state.epoch = clock_.wall_us() / 1000;
  source.rejected_stream = source.state.rejected_stream();
  if (const auto appended = append_state(); !appended) {
    sources_.pop_back();
    return std::unexpected(appended.error());
  }
  log_info("spool", "source {} is new here: its events are stamped in epoch {}", name,
           source.state.epoch);
  return SourceId{static_cast<uint32_t>(sources_.size() - 1)};
}

SourceState Spool::source(SourceId id) const {
  const std::lock_guard lock(mutex_);
  return sources_.at(id.value).state;
}

std::string Spool::identity() const {
  const std::lock_guard lock(mutex_);
  if (sources_.empty()) return {};
  const SourceState& first = sources_.front().state;
  return fmt::format("{}.{}", first.name, first.epoch);
}

BatchHeader Spool::stamp(const SourceState& source, const BatchBuilder& batch,
                         bool has_position) const {
  BatchHeader header;
  header.epoch = source.epoch;
  header.time_us = clock_.wall_us();
  header.first_sequence = source.next_sequence;
  header.first_version = std::max(source.last_version + 1, header.time_us);
  header.first_rejected_sequence = source.next_rejected_sequence;
  header.first_rejected_version = header.first_version + batch.events();
  header.events = batch.events();
  header.rejected = batch.rejected();
  header.has_position = has_position;
  return header;
}

Status Spool::check_room(size_t bytes) {
  const uint64_t kept = log_->end().value - log_->begin().value;
  full_ = kept + bytes > settings_.bytes_max;
  if (!full_) return {};
  const int64_t now = clock_.steady_ms();
  if (last_alarm_ms_ == 0 || now - last_alarm_ms_ >= alarm_every_ms) {
    last_alarm_ms_ = now;
    log_warning("spool",
                "full: {} of {} bytes wait to be shipped; sources wait until Kafka takes them",
                kept, settings_.bytes_max);
  }
  return fail(ErrorCode::limit, "the spool is full");
}

Result<log::Position> Spool::append(SourceId id, const BatchBuilder& batch,
                                    std::optional<ByteView> position) {
  if (auto failed = failure()) return fail(ErrorCode::read_only, failed->message);
  const std::lock_guard lock(mutex_);
  housekeep();
  Live& source = sources_.at(id.value);
  const ByteView place = position.value_or(ByteView());
  const format::PartSizes sizes{.position = static_cast<uint32_t>(place.size()),
                                .names = static_cast<uint32_t>(batch.name_bytes_.size()),
                                .events = static_cast<uint32_t>(batch.event_bytes_.size()),
                                .rejected = static_cast<uint32_t>(batch.rejected_bytes_.size())};
  const size_t body_bytes = format::batch_head + place.size() + sizes.names + batch.bytes();
  HOLDFAST_CHECKED(check_room(body_bytes));

  const BatchHeader header = stamp(source.state, batch, position.has_value());
  const auto head = format::encode_head(header, sizes);
  const std::array<ByteView, 5> parts = {ByteView(head), place, batch.name_bytes_,
                                         batch.event_bytes_, batch.rejected_bytes_};
  const log::FrameKey key{.kind = log::FrameKind::batch,
                          .partition = id,
                          .first_offset = source.state.next_batch,
                          .last_offset = source.state.next_batch,
                          .max_timestamp_ms = header.time_us / 1000};
  fault::point("spool.before_append");
  const log::Position end = HOLDFAST_TRY(log_->append(key, parts));
  fault::point("spool.after_append");

  SourceState& state = source.state;
  state.next_sequence = header.next_sequence();
  state.next_rejected_sequence = header.next_rejected_sequence();
  if (!batch.empty()) state.last_version = header.last_version();
  ++state.next_batch;
  if (position) {
    state.has_position = true;
    state.position.assign(place.begin(), place.end());
  }
  note_appended(source, end);
  return end;
}

void Spool::note_appended(Live& source, log::Position end) {
  source.pending.push_back({.end = end, .next_sequence = source.state.next_sequence});
  while (!source.pending.empty() && source.pending.front().end <= log_->durable()) {
    source.durable_sequence = source.pending.front().next_sequence;
    source.pending.pop_front();
  }
  const uint64_t last = source.marks.empty() ? source.needed.value : source.marks.back().end.value;
  if (end.value - last >= mark_every)
    source.marks.push_back({.batch = source.state.next_batch - 1, .end = end});
}

log::Position Spool::durable() const {
  return log_->durable();
}

Result<std::vector<StoredBatch>> Spool::read(SourceId id, int64_t from, uint64_t bytes_max) {
  std::vector<log::Frame> frames;
  {
    const std::lock_guard lock(mutex_);
    frames = HOLDFAST_TRY(log_->read(id, from, bytes_max, true));
  }
  std::vector<StoredBatch> batches;
  batches.reserve(frames.size());
  for (log::Frame& frame : frames) {
    batches.push_back({.number = frame.key.first_offset,
                       .view = HOLDFAST_TRY(BatchView::parse(frame.body)),
                       .pin = std::move(frame.pin)});
  }
  return batches;
}

void Spool::mark_shipped(SourceId id, int64_t batch_number, int64_t next_sequence,
                         int64_t next_rejected_sequence) {
  const std::lock_guard lock(mutex_);
  Live& source = sources_.at(id.value);
  SourceState& state = source.state;
  if (batch_number <= state.shipped_batch) return;
  HOLDFAST_CHECK(batch_number < state.next_batch);
  state.shipped_batch = batch_number;
  state.shipped_sequence = std::max(state.shipped_sequence, next_sequence);
  state.shipped_rejected_sequence =
      std::max(state.shipped_rejected_sequence, next_rejected_sequence);
  shipped_since_state_ = shipped_since_checkpoint_ = true;
  while (!source.marks.empty() && source.marks.front().batch <= batch_number) {
    source.needed = source.marks.front().end;
    source.marks.pop_front();
  }
  housekeep();
}

SpoolStatus Spool::status() const {
  SpoolStatus status;
  {
    const std::lock_guard lock(mutex_);
    status.bytes_used = log_->end().value - log_->begin().value;
    status.full = full_;
    for (const Live& source : sources_) {
      int64_t durable_sequence = source.durable_sequence;
      for (const Pending& pending : source.pending) {
        if (pending.end <= log_->durable()) durable_sequence = pending.next_sequence;
      }
      status.sources.push_back({.state = source.state, .durable_sequence = durable_sequence});
    }
  }
  status.bytes_max = settings_.bytes_max;
  const std::lock_guard lock(change_mutex_);
  status.disk_full = disk_full_;
  status.failed = failed_;
  return status;
}

uint64_t Spool::changes() const {
  const std::lock_guard lock(change_mutex_);
  return changes_;
}

void Spool::wait_for_change(uint64_t seen, int64_t timeout_ms) const {
  std::unique_lock lock(change_mutex_);
  condition_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                      [&] { return changes_ != seen; });
}

void Spool::wake() {
  changed({});
}

}  // namespace holdfast::spool
