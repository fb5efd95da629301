#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace holdfast::control {

/// A point in time as people give it: RFC 3339 ("2026-11-21T08:00:00Z"), or so long ago ("2h",
/// "30m"). In microseconds since 1970. `invalid` when it is neither.
Result<int64_t> parse_moment(const std::string& text, int64_t now_us);

}  // namespace holdfast::control
