#include "settings/units.h"

#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <span>
#include <utility>

namespace holdfast::settings {
namespace {

using Unit = std::pair<std::string_view, uint64_t>;

constexpr std::array<Unit, 12> size_units{{{"", 1},
                                           {"b", 1},
                                           {"k", 1ull << 10},
                                           {"kib", 1ull << 10},
                                           {"kb", 1'000},
                                           {"mib", 1ull << 20},
                                           {"mb", 1'000'000},
                                           {"m", 1ull << 20},
                                           {"gib", 1ull << 30},
                                           {"gb", 1'000'000'000},
                                           {"g", 1ull << 30},
                                           {"tib", 1ull << 40}}};
constexpr std::array<Unit, 5> time_units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

/// Digits (with underscores between them) at the start; `rest` is what follows.
std::optional<uint64_t> leading_digits(std::string_view text, std::string_view& rest) {
  std::string digits;
  size_t i = 0;
  for (; i < text.size(); ++i) {
    const bool between = text[i] == '_' && i > 0 && i + 1 < text.size() && text[i - 1] != '_';
    if (between) continue;
    if (text[i] < '0' || text[i] > '9') break;
    digits += text[i];
  }
  if (i > 0 && text[i - 1] == '_') return std::nullopt;
  rest = text.substr(i);
  uint64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<uint64_t> with_unit(std::string_view text, std::span<const Unit> units) {
  std::string_view rest;
  auto value = leading_digits(text, rest);
  if (!value) return std::nullopt;
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  const std::string unit = lower(rest);
  for (const auto& [name, factor] : units) {
    if (unit != name) continue;
    if (*value > std::numeric_limits<uint64_t>::max() / factor) return std::nullopt;
    return *value * factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  return with_unit(text, size_units);
}

std::optional<int64_t> parse_duration_ms(std::string_view text) {
  if (text == "0") return 0;
  auto value = with_unit(text, time_units);
  if (!value || *value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
    return std::nullopt;
  return static_cast<int64_t>(*value);
}

std::optional<int64_t> parse_number(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  std::string_view rest;
  auto value = leading_digits(text, rest);
  if (!value || !rest.empty() ||
      *value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return std::nullopt;
  }
  return negative ? -static_cast<int64_t>(*value) : static_cast<int64_t>(*value);
}

std::string format_size(uint64_t bytes) {
  static constexpr std::array<Unit, 4> binary{
      {{"TiB", 1ull << 40}, {"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}}};
  for (const auto& [name, factor] : binary) {
    if (bytes >= factor && bytes % factor == 0)
      return std::to_string(bytes / factor) + std::string(name);
  }
  return std::to_string(bytes);
}

std::string format_duration(int64_t ms) {
  for (size_t i = time_units.size(); i-- > 1;) {
    const auto factor = static_cast<int64_t>(time_units[i].second);
    if (ms != 0 && ms % factor == 0)
      return std::to_string(ms / factor) + std::string(time_units[i].first);
  }
  return ms == 0 ? "0" : std::to_string(ms) + "ms";
}

}  // namespace holdfast::settings
