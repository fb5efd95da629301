#include "control/moment.h"

#include <fmt/format.h>

#include "event/cloud_event.h"
#include "settings/units.h"

namespace holdfast::control {

Result<int64_t> parse_moment(const std::string& text, int64_t now_us) {
  if (const auto at = event::parse_time(text)) return *at;
  if (const auto ago_ms = settings::parse_duration_ms(text)) return now_us - *ago_ms * 1'000;
  return fail(
      ErrorCode::invalid,
      fmt::format("\"{}\" is no time; give 2026-11-21T08:00:00Z, or how long ago: 2h", text));
}

}  // namespace holdfast::control
