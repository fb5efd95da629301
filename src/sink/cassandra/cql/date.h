#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

/// Dates, times and durations as texts, in the forms that CQL takes. Pure.
namespace holdfast::cql {

/// "2024-02-29": days since 1970, counted from 2^31.
std::optional<uint32_t> date_in(std::string_view text);
std::string date_of(uint32_t days);

/// "23:59:59.123456789", fraction and seconds may be missing: nanoseconds of the day.
std::optional<int64_t> time_in(std::string_view text);
/// Nothing when it is no time of a day.
std::optional<std::string> time_of(int64_t ns);

/// A date alone, or with a T or a blank and a time behind it, and Z or +01:00 or -0130 behind that:
/// milliseconds since 1970. Without a zone it is UTC.
std::optional<int64_t> timestamp_in(std::string_view text);
/// In UTC. Beyond the years that dates have: in milliseconds.
std::string timestamp_of(int64_t ms);

/// "1y2mo3w4d5h6m7s8ms9us10ns", each part at most once and in this order, a sign before all of it:
/// the content of a duration's cell. Nothing when a part is out of its range.
std::optional<ByteBuffer> duration_in(std::string_view text);
/// Months, days and nanoseconds: "14mo25d18367008009010ns".
std::optional<std::string> duration_of(ByteView cell);

}  // namespace holdfast::cql
