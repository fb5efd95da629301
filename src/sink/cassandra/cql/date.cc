#include "sink/cassandra/cql/date.h"

#include <charconv>
#include <chrono>
#include <fmt/format.h>
#include <limits>

#include "sink/cassandra/cql/varint.h"

namespace holdfast::cql {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int64_t day_ms = 86'400'000;
constexpr int64_t day_ns = day_ms * 1'000'000;
constexpr int64_t date_zero = int64_t{1} << 31;

/// Takes exactly `digits` digits off the front.
std::optional<int64_t> take_number(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int64_t number = 0;
  for (size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// Days since 1970.
std::optional<int64_t> take_date(std::string_view& text) {
  const bool before = take(text, '-');
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const year_month_day date{std::chrono::year(static_cast<int>(before ? -*year : *year)),
                            std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date).time_since_epoch().count();
}

/// Nanoseconds of the day.
std::optional<int64_t> take_time(std::string_view& text) {
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 23 || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  int64_t ns = (*hours * 60 + *minutes) * 60'000'000'000;
  if (!take(text, ':')) return ns;
  const auto seconds = take_number(text, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  ns += *seconds * 1'000'000'000;
  if (!take(text, '.')) return ns;
  int64_t unit = 100'000'000;
  bool any = false;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; unit /= 10, any = true) {
    if (unit == 0) return std::nullopt;
    ns += (text.front() - '0') * unit;
    text.remove_prefix(1);
  }
  if (!any) return std::nullopt;
  return ns;
}

/// Milliseconds by which the place is ahead of UTC.
std::optional<int64_t> take_zone(std::string_view& text) {
  if (text.empty() || take(text, 'Z')) return 0;
  const bool behind = text.starts_with('-');
  if (!behind && !text.starts_with('+')) return std::nullopt;
  text.remove_prefix(1);
  const auto hours = take_number(text, 2);
  if (!hours || *hours > 18) return std::nullopt;
  const bool colon = take(text, ':');
  const auto minutes = text.empty() && !colon ? std::optional<int64_t>(0) : take_number(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  const int64_t ahead = (*hours * 60 + *minutes) * 60'000;
  return behind ? -ahead : ahead;
}

std::string date_text(int64_t days) {
  const year_month_day date{sys_days(std::chrono::days(days))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

/// Whether the calendar of the library reaches so far (its years have 16 bits).
bool has_date(int64_t days) {
  return days > -12'687'000 && days < 11'248'000;
}

std::string clock_text(int64_t ns) {
  const int64_t seconds = ns / 1'000'000'000;
  return fmt::format("{:02}:{:02}:{:02}.{:09}", seconds / 3600, seconds / 60 % 60, seconds % 60,
                     ns % 1'000'000'000);
}

struct Unit {
  std::string_view name;
  int part;  // 0 months, 1 days, 2 nanoseconds
  int64_t factor;
};
constexpr Unit units[] = {{"y", 0, 12},
                          {"mo", 0, 1},
                          {"w", 1, 7},
                          {"d", 1, 1},
                          {"h", 2, 3'600'000'000'000},
                          {"m", 2, 60'000'000'000},
                          {"s", 2, 1'000'000'000},
                          {"ms", 2, 1'000'000},
                          {"us", 2, 1'000},
                          {"ns", 2, 1}};

bool add_checked(int64_t& sum, int64_t number, int64_t factor) {
  int64_t product = 0;
  return !__builtin_mul_overflow(number, factor, &product) &&
         !__builtin_add_overflow(sum, product, &sum);
}

}  // namespace

std::optional<uint32_t> date_in(std::string_view text) {
  const auto days = take_date(text);
  if (!days || !text.empty()) return std::nullopt;
  return static_cast<uint32_t>(*days + date_zero);
}

std::string date_of(uint32_t days) {
  const int64_t since = static_cast<int64_t>(days) - date_zero;
  return has_date(since) ? date_text(since) : fmt::format("{}d", since);
}

std::optional<int64_t> time_in(std::string_view text) {
  const auto ns = take_time(text);
  return text.empty() ? ns : std::nullopt;
}

std::optional<std::string> time_of(int64_t ns) {
  if (ns < 0 || ns >= day_ns) return std::nullopt;
  return clock_text(ns);
}

std::optional<int64_t> timestamp_in(std::string_view text) {
  const auto days = take_date(text);
  if (!days) return std::nullopt;
  if (text.empty()) return *days * day_ms;
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  const auto ns = take_time(text);
  if (!ns) return std::nullopt;
  const auto ahead = take_zone(text);
  if (!ahead || !text.empty()) return std::nullopt;
  return *days * day_ms + *ns / 1'000'000 - *ahead;
}

std::string timestamp_of(int64_t ms) {
  const int64_t days = ms / day_ms - (ms % day_ms < 0 ? 1 : 0);
  if (!has_date(days)) return fmt::format("{}ms", ms);
  const std::string clock = clock_text((ms - days * day_ms) * 1'000'000);
  return date_text(days) + "T" + clock.substr(0, 12) + "Z";
}

std::optional<ByteBuffer> duration_in(std::string_view text) {
  const bool negative = take(text, '-');
  int64_t parts[3] = {};
  size_t next = 0;  // the unit that may come
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    size_t letters = 0;
    while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') ++letters;
    const std::string_view name = text.substr(0, letters);
    text.remove_prefix(letters);
    while (next < std::size(units) && units[next].name != name) ++next;
    if (next == std::size(units)) return std::nullopt;
    const Unit& unit = units[next++];
    if (!add_checked(parts[unit.part], number, unit.factor)) return std::nullopt;
  }
  for (const int part : {0, 1})
    if (parts[part] > std::numeric_limits<int32_t>::max()) return std::nullopt;
  ByteBuffer cell;
  for (const int64_t part : parts) append_signed_vint(cell, negative ? -part : part);
  return cell;
}

std::optional<std::string> duration_of(ByteView cell) {
  Reader reader(cell);
  int64_t parts[3];
  bool negative = false, positive = false;
  for (int64_t& part : parts) {
    part = read_signed_vint(reader);
    negative = negative || part < 0;
    positive = positive || part > 0;
  }
  if (!reader.good() || reader.left() > 0 || (negative && positive)) return std::nullopt;
  std::string text = negative ? "-" : "";
  for (const auto& [part, name] : {std::pair(0, "mo"), std::pair(1, "d"), std::pair(2, "ns")}) {
    const auto number = static_cast<uint64_t>(parts[part]);
    if (number != 0) text += fmt::format("{}{}", negative ? ~number + 1 : number, name);
  }
  return text.empty() ? "0ns" : text;
}

}  // namespace holdfast::cql
