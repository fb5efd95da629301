#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::transform {

/// Days from 1970-01-01, for "YYYY-MM-DD". Nothing when the text is not that, or no such day
/// exists.
std::optional<int32_t> parse_date(std::string_view text);
/// Microseconds since 1970 for "YYYY-MM-DD[T or space]HH:MM[:SS[.ffffff]]", or a date alone
/// (midnight). A zone ("Z", "+02",
/// "+02:00") is applied; a text without one counts as UTC.
std::optional<int64_t> parse_timestamp(std::string_view text);
std::optional<int64_t> parse_integer(std::string_view text);
std::optional<double> parse_number(std::string_view text);
std::optional<bool> parse_boolean(std::string_view text);

}  // namespace holdfast::transform
