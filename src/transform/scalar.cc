#include "transform/scalar.h"

#include <charconv>
#include <chrono>

namespace holdfast::transform {
namespace {

/// Takes `digits` decimal digits from the front.
std::optional<int> take_digits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return {};
  int value = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return {};
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int32_t> take_date(std::string_view& text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, '-')) return {};
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return {};
  const auto day = take_digits(text, 2);
  if (!day) return {};
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  return static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

/// Up to nine digits behind the point, as microseconds.
std::optional<int64_t> take_fraction(std::string_view& text) {
  int64_t value = 0;
  size_t digits = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9' && digits < 9; ++digits) {
    if (digits < 6) value = value * 10 + (text.front() - '0');
    text.remove_prefix(1);
  }
  if (digits == 0) return {};
  for (; digits < 6; ++digits) value *= 10;
  return value;
}

/// Minutes east of UTC.
std::optional<int> take_zone(std::string_view& text) {
  if (text.empty() || take(text, 'Z') || take(text, 'z')) return 0;
  const bool west = take(text, '-');
  if (!west && !take(text, '+')) return {};
  const auto hours = take_digits(text, 2);
  if (!hours) return {};
  int minutes = 0;
  if (!text.empty()) {
    take(text, ':');
    const auto read = take_digits(text, 2);
    if (!read) return {};
    minutes = *read;
  }
  return (west ? -1 : 1) * (*hours * 60 + minutes);
}

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace

std::optional<int32_t> parse_date(std::string_view text) {
  const auto date = take_date(text);
  return text.empty() ? date : std::nullopt;
}

std::optional<int64_t> parse_timestamp(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return {};
  int64_t time_us = *date * 86'400'000'000ll;
  if (text.empty()) return time_us;
  if (!take(text, 'T') && !take(text, ' ')) return {};
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 24 || !take(text, ':')) return {};
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return {};
  int second = 0;
  int64_t fraction = 0;
  if (take(text, ':')) {
    const auto read = take_digits(text, 2);
    if (!read || *read > 60) return {};
    second = *read;
    if (take(text, '.')) {
      const auto micros = take_fraction(text);
      if (!micros) return {};
      fraction = *micros;
    }
  }
  const auto zone = take_zone(text);
  if (!zone || !text.empty()) return {};
  return time_us + ((*hour * 60 + *minute - *zone) * 60ll + second) * 1'000'000 + fraction;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  return parse_whole<int64_t>(text);
}
std::optional<double> parse_number(std::string_view text) {
  return parse_whole<double>(text);
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "t" || text == "1") return true;
  if (text == "false" || text == "f" || text == "0") return false;
  return {};
}

}  // namespace holdfast::transform
