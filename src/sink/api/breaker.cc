#include "sink/api/breaker.h"

#include <algorithm>

namespace holdfast::sink {

const char* name(Breaker::State state) {
  switch (state) {
    case Breaker::State::closed:
      return "closed";
    case Breaker::State::open:
      return "open";
    case Breaker::State::half_open:
      return "half_open";
  }
  return "?";
}

bool Breaker::allows() {
  const std::lock_guard lock(mutex_);
  if (now_.state == State::closed) return true;
  if (clock_.steady_ms() < probe_at_ms_) return false;
  // Were the probe's answer never to come, another is due after the same pause.
  now_.state = State::half_open;
  probe_at_ms_ = clock_.steady_ms() + pause_ms_;
  return true;
}

void Breaker::succeeded() {
  const std::lock_guard lock(mutex_);
  now_.state = State::closed;
  now_.why.clear();
  now_.opened_us = 0;
  pause_ms_ = settings_.probe_first_ms;
}

bool Breaker::failed(std::string why) {
  const std::lock_guard lock(mutex_);
  const bool opened = now_.state == State::closed;
  if (opened) {
    now_.opened_us = clock_.wall_us();
    ++now_.opened_times;
  } else if (now_.state == State::half_open) {
    pause_ms_ = std::min(pause_ms_ * 2, settings_.probe_max_ms);
  }
  now_.state = State::open;
  now_.why = std::move(why);
  probe_at_ms_ = clock_.steady_ms() + pause_ms_;
  return opened;
}

Breaker::Report Breaker::report() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

}  // namespace holdfast::sink
