#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::settings {

/// "64MiB", "64 MB", "4096" -> bytes; nothing if it is not a size or does not fit.
std::optional<uint64_t> parse_size(std::string_view text);
/// "250ms", "10s", "5m", "1h", "2d", "0" -> milliseconds; a bare number other than 0 is no
/// duration: its unit would be a guess.
std::optional<int64_t> parse_duration_ms(std::string_view text);
/// A whole number; underscores between digits are allowed: 20_000.
std::optional<int64_t> parse_number(std::string_view text);

/// The shortest exact form: 67108864 -> "64MiB".
std::string format_size(uint64_t bytes);
std::string format_duration(int64_t ms);

}  // namespace holdfast::settings
