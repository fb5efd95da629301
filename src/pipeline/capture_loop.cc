#include "pipeline/capture_loop.h"

#include <algorithm>
#include <utility>

#include "base/fault.h"
#include "base/log_line.h"

namespace holdfast::pipeline {
namespace {

constexpr int64_t first_back_off_ms = 50;
constexpr int64_t back_off_max_ms = 5'000;
constexpr int64_t wait_step_ms = 100;

}  // namespace

const char* name(CaptureState state) {
  switch (state) {
    case CaptureState::running:
      return "running";
    case CaptureState::waiting:
      return "waiting";
    case CaptureState::ended:
      return "ended";
    case CaptureState::failed:
      return "failed";
    case CaptureState::stopped:
      return "stopped";
  }
  return "?";
}

CaptureLoop::CaptureLoop(spool::Spool& spool, os::Clock& clock, spool::SourceId id,
                         std::string source_name, std::unique_ptr<source::Source> source,
                         source::ReadLimits limits)
    : spool_(spool),
      clock_(clock),
      id_(id),
      name_(std::move(source_name)),
      source_(std::move(source)),
      limits_(limits) {}

void CaptureLoop::start() {
  set(CaptureState::running);
  thread_ = std::thread([this] { run(); });
}

void CaptureLoop::stop() {
  stopping_ = true;
  source_->interrupt();
  spool_.wake();
  if (thread_.joinable()) thread_.join();
}

std::optional<Error> CaptureLoop::trouble() const {
  const std::lock_guard lock(trouble_mutex_);
  return trouble_;
}

void CaptureLoop::set(CaptureState state, std::optional<Error> trouble) {
  const std::lock_guard lock(trouble_mutex_);
  trouble_ = std::move(trouble);
  state_ = state;
}

bool CaptureLoop::back_off(const Error& error) {
  const bool passes = error.code == ErrorCode::unavailable || error.code == ErrorCode::io ||
                      error.code == ErrorCode::timeout || error.code == ErrorCode::not_found;
  if (!passes) {
    log_error("capture", "source {} has stopped: {}", name_, error.message);
    set(CaptureState::failed, error);
    return false;
  }
  if (back_off_ms_ == 0)
    log_warning("capture", "source {}: {}; trying again", name_, error.message);
  set(CaptureState::waiting, error);
  back_off_ms_ = std::clamp(back_off_ms_ * 2, first_back_off_ms, back_off_max_ms);
  const int64_t until = clock_.steady_ms() + back_off_ms_;
  uint64_t seen = spool_.changes();
  while (!stopping_ && clock_.steady_ms() < until) {
    spool_.wait_for_change(seen, until - clock_.steady_ms());
    seen = spool_.changes();
  }
  return !stopping_;
}

bool CaptureLoop::start_source() {
  const spool::SourceState state = spool_.source(id_);
  while (!stopping_) {
    const Status started =
        source_->start(state.has_position ? std::optional<ByteView>(state.position) : std::nullopt);
    if (started) {
      back_off_ms_ = 0;
      set(CaptureState::running);
      return true;
    }
    if (!back_off(started.error())) return false;
  }
  return false;
}

/// The source waits by itself; here it is only told.
void CaptureLoop::note_away(bool away) {
  const bool waits = state_ == CaptureState::waiting;
  if (away && !waits)
    set(CaptureState::waiting,
        Error{ErrorCode::unavailable, "what it reads from is not there; waiting for it"});
  if (!away && waits) set(CaptureState::running);
}

void CaptureLoop::run() {
  if (start_source()) {
    while (!stopping_) {
      acknowledge();
      const auto read = source_->read(batch_, limits_);
      if (!read) {
        if (!back_off(read.error())) break;
        continue;
      }
      note_away(*read == source::ReadState::away);
      back_off_ms_ = 0;
      if (!batch_.empty() && !append(batch_)) break;
      if (*read != source::ReadState::ended) continue;
      if (wait_durable(appended_)) set(CaptureState::ended);
      acknowledge();
      break;
    }
  }
  if (stopping_ && state_ != CaptureState::failed && state_ != CaptureState::ended)
    set(CaptureState::stopped);
}

/// Waits for room as long as it takes. False when stopped or the spool failed.
bool CaptureLoop::append(const source::Batch& batch) {
  builder_.clear();
  for (size_t i = 0; i < batch.events(); ++i) {
    const source::RawEvent event = batch.event(i);
    builder_.add(event.key, event.value, event.type, event.content_type);
  }
  for (size_t i = 0; i < batch.rejected(); ++i) {
    const source::Rejected piece = batch.rejected_piece(i);
    builder_.add_rejected({.raw = piece.raw,
                           .cause_code = piece.cause_code,
                           .cause = piece.cause,
                           .file = piece.file,
                           .line = piece.line});
  }
  const auto position =
      batch.has_position() ? std::optional<ByteView>(batch.position()) : std::nullopt;
  bool waited = false;
  while (!stopping_) {
    const uint64_t seen = spool_.changes();
    const auto appended = spool_.append(id_, builder_, position);
    if (appended) {
      if (waited) set(CaptureState::running);
      appended_ = *appended;
      if (position)
        unacknowledged_ = {.end = appended_,
                           .position = ByteBuffer(position->begin(), position->end())};
      return true;
    }
    if (appended.error().code != ErrorCode::limit) {
      log_error("capture", "source {} has stopped: {}", name_, appended.error().message);
      set(CaptureState::failed, appended.error());
      return false;
    }
    if (!waited) set(CaptureState::waiting, appended.error());
    waited = true;
    spool_.wait_for_change(seen, wait_step_ms);
  }
  return false;
}

bool CaptureLoop::wait_durable(log::Position position) {
  uint64_t seen = spool_.changes();
  while (spool_.durable() < position) {
    if (stopping_) return false;
    if (const auto failed = spool_.status().failed) {
      set(CaptureState::failed, failed);
      return false;
    }
    spool_.wait_for_change(seen, wait_step_ms);
    seen = spool_.changes();
  }
  return true;
}

/// Tells the source what is safe. Only ever after it is: the source may forget it then.
void CaptureLoop::acknowledge() {
  if (!unacknowledged_ || spool_.durable() < unacknowledged_->end) return;
  fault::point("capture.before_acknowledge");
  source_->acknowledge(unacknowledged_->position);
  unacknowledged_.reset();
}

}  // namespace holdfast::pipeline
