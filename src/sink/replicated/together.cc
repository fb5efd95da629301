#include "sink/replicated/together.h"

#include "base/log_line.h"

namespace holdfast::sink {

void Together::away(const std::string& why) {
  in_doubt_ = true;
  if (breaker_.failed(why))
    log_warning("sink", "writing to all data centers at once fails, to each by itself now: {}",
                why);
}

Status Together::open() {
  if (!in_doubt_) return {};
  if (!sink_) sink_ = HOLDFAST_TRY(open_());
  HOLDFAST_TRY(sink_->positions());
  in_doubt_ = false;
  return {};
}

bool Together::ready() {
  if (!breaker_.allows()) return false;
  const Status opened = open();
  if (!opened) away(opened.error().message);
  return opened.has_value();
}

std::optional<Written> Together::write(const Batch& batch) {
  Written written = sink_->write(batch);
  if (!written.complete() && !written.has(Outcome::rejected)) {
    away(written.why());
    return std::nullopt;
  }
  breaker_.succeeded();
  return written;
}

}  // namespace holdfast::sink
