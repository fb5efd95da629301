#include "sink/replicated/together.h"

#include "base/log_line.h"

namespace holdfast::sink {

Status Together::get_ready() {
  if (!in_doubt_) return {};
  if (!sink_) sink_ = HOLDFAST_TRY(open_());
  HOLDFAST_TRY(sink_->positions());
  in_doubt_ = false;
  return {};
}

std::optional<Written> Together::write(const Batch& batch) {
  if (!breaker_.allows()) return std::nullopt;
  const auto away = [&](const std::string& why) {
    in_doubt_ = true;
    if (breaker_.failed(why))
      log_warning("sink", "writing to all data centers at once fails, to each by itself now: {}",
                  why);
    return std::nullopt;
  };
  if (const Status ready = get_ready(); !ready) return away(ready.error().message);
  Written written = sink_->write(batch);
  if (!written.complete() && !written.has(Outcome::rejected))
    return away(written.refusals.empty() ? "no reason given"
                                         : written.refusals.front().cause.message);
  breaker_.succeeded();
  return written;
}

}  // namespace holdfast::sink
