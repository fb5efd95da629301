#include "control/cron.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <vector>

namespace holdfast::control {
namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = std::min(text.find(at), text.size());
    if (end > 0 || at != ' ') parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

bool read(std::string_view text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// One of the parts between commas.
bool add_part(std::string_view part, int least, int most, std::vector<int>& to) {
  int step = 1;
  if (const size_t slash = part.find('/'); slash != std::string_view::npos) {
    if (!read(part.substr(slash + 1), step) || step < 1) return false;
    part = part.substr(0, slash);
  }
  int first = least, last = most;
  if (part != "*") {
    const size_t dash = part.find('-');
    if (!read(part.substr(0, dash), first)) return false;
    last = first;
    if (dash != std::string_view::npos && !read(part.substr(dash + 1), last)) return false;
  }
  if (first < least || last > most || first > last) return false;
  for (int i = first; i <= last; i += step) to.push_back(i);
  return true;
}

}  // namespace

Result<Cron> Cron::parse(std::string_view text) {
  struct Field {
    const char* name;
    int least, most;
  };
  static constexpr Field fields[] = {{"second", 0, 59}, {"minute", 0, 59},
                                     {"hour", 0, 23},   {"day of month", 1, 31},
                                     {"month", 1, 12},  {"day of week", 0, 7}};
  auto words = split(text, ' ');
  if (words.size() == 5) words.insert(words.begin(), "0");
  if (words.size() != 6)
    return fail(ErrorCode::invalid,
                "a schedule has five fields: minute, hour, day of month, month, day of week (or "
                "six, with the second in front)");
  std::vector<int> values[6];
  for (size_t i = 0; i < 6; ++i) {
    bool good = !words[i].empty() && words[i].back() != ',';
    for (const std::string_view part : split(words[i], ','))
      good = good && add_part(part, fields[i].least, fields[i].most, values[i]);
    if (!good)
      return fail(ErrorCode::invalid, "the schedule's " + std::string(fields[i].name) + " is \"" +
                                          std::string(words[i]) + "\"");
  }
  Cron cron;
  for (const int value : values[0]) cron.seconds_.set(static_cast<size_t>(value));
  for (const int value : values[1]) cron.minutes_.set(static_cast<size_t>(value));
  for (const int value : values[2]) cron.hours_.set(static_cast<size_t>(value));
  for (const int value : values[3]) cron.days_.set(static_cast<size_t>(value));
  for (const int value : values[4]) cron.months_.set(static_cast<size_t>(value));
  for (const int value : values[5]) cron.weekdays_.set(static_cast<size_t>(value % 7));
  cron.any_day_ = words[3].starts_with('*');
  cron.any_weekday_ = words[5].starts_with('*');
  return cron;
}

namespace {

constexpr int64_t minute_s = 60, day_s = 86'400, years_s = 5 * 366 * day_s;

}  // namespace

bool Cron::fits(int64_t minute, int64_t& next) const {
  const std::time_t time = minute;
  std::tm parts{};
  gmtime_r(&time, &parts);
  const bool day = days_[static_cast<size_t>(parts.tm_mday)];
  const bool weekday = weekdays_[static_cast<size_t>(parts.tm_wday)];
  const bool on_this_day = any_day_ || any_weekday_ ? day && weekday : day || weekday;
  if (!on_this_day || !months_[static_cast<size_t>(parts.tm_mon + 1)]) {
    next = (minute / day_s + 1) * day_s;
    return false;
  }
  next = minute + minute_s;
  return hours_[static_cast<size_t>(parts.tm_hour)] && minutes_[static_cast<size_t>(parts.tm_min)];
}

int64_t Cron::next_us(int64_t after_us) const {
  const int64_t begin = after_us / 1'000'000 + 1;
  for (int64_t minute = begin / minute_s * minute_s, next = 0; minute < begin + years_s;
       minute = next) {
    if (!fits(minute, next)) continue;
    for (int64_t second = std::max<int64_t>(begin - minute, 0); second < minute_s; ++second)
      if (seconds_[static_cast<size_t>(second)]) return (minute + second) * 1'000'000;
  }
  return 0;
}

}  // namespace holdfast::control
