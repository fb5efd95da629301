#include <chrono>
#include <fmt/core.h>

#include "base/check.h"
#include "event/cloud_event.h"

namespace holdfast::event {
namespace {

constexpr int64_t second_us = 1'000'000;
constexpr int64_t day_us = 86'400 * second_us;
constexpr int64_t year_0_us = -62'167'219'200 * second_us;
constexpr int64_t year_10000_us = 253'402'300'800 * second_us;

void put_digits(char* to, int width, int64_t value) {
  for (int i = width - 1; i >= 0; --i) {
    to[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

/// Reads fixed places; the failure flag only ever goes from good to bad.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : left_(text) {}
  int digits(size_t width) {
    int value = 0;
    if (left_.size() < width) return fail();
    for (size_t i = 0; i < width; ++i) {
      if (left_[i] < '0' || left_[i] > '9') return fail();
      value = value * 10 + (left_[i] - '0');
    }
    left_.remove_prefix(width);
    return value;
  }
  bool take(char wanted) {
    if (left_.empty() || (left_[0] != wanted && left_[0] != (wanted | 0x20))) return false;
    left_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) fail();
  }
  int64_t fraction_us() {
    int64_t value = 0;
    size_t i = 0;
    for (; i < left_.size() && left_[i] >= '0' && left_[i] <= '9'; ++i) {
      if (i < 6) value = value * 10 + (left_[i] - '0');
    }
    if (i == 0 || i > 9) fail();
    for (size_t digits = i; digits < 6; ++digits) value *= 10;
    left_.remove_prefix(i);
    return value;
  }
  int fail() {
    good_ = false;
    return 0;
  }
  bool good_and_done() const { return good_ && left_.empty(); }

 private:
  std::string_view left_;
  bool good_ = true;
};

}  // namespace

std::string_view format_time(int64_t time_us, std::span<char> to) {
  HOLDFAST_CHECK(to.size() >= 32 && time_us >= year_0_us && time_us < year_10000_us);
  int64_t days = time_us / day_us;
  int64_t rest = time_us % day_us;
  if (rest < 0) {
    rest += day_us;
    --days;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  char* at = to.data();
  put_digits(at, 4, static_cast<int>(date.year()));
  at[4] = at[7] = '-';
  put_digits(at + 5, 2, static_cast<unsigned>(date.month()));
  put_digits(at + 8, 2, static_cast<unsigned>(date.day()));
  at[10] = 'T';
  put_digits(at + 11, 2, rest / (3600 * second_us));
  at[13] = at[16] = ':';
  put_digits(at + 14, 2, rest / (60 * second_us) % 60);
  put_digits(at + 17, 2, rest / second_us % 60);
  at[19] = '.';
  put_digits(at + 20, 6, rest % second_us);
  at[26] = 'Z';
  return {at, 27};
}

Result<int64_t> parse_time(std::string_view text) {
  TimeReader reader(text);
  const int year = reader.digits(4);
  reader.expect('-');
  const int month = reader.digits(2);
  reader.expect('-');
  const int day = reader.digits(2);
  reader.expect('T');
  const int hour = reader.digits(2);
  reader.expect(':');
  const int minute = reader.digits(2);
  reader.expect(':');
  const int second = reader.digits(2);
  const int64_t fraction = reader.take('.') ? reader.fraction_us() : 0;
  int64_t offset_minutes = 0;
  if (!reader.take('Z')) {
    const bool ahead = reader.take('+');
    if (!ahead) reader.expect('-');
    const int hours = reader.digits(2);
    reader.expect(':');
    const int minutes = reader.digits(2);
    if (hours > 23 || minutes > 59) reader.fail();
    offset_minutes = (ahead ? 1 : -1) * (hours * 60 + minutes);
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!reader.good_and_done() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
    return fail(ErrorCode::invalid,
                fmt::format("not an RFC 3339 time: \"{}\"", text.substr(0, 60)));
  }
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = days * 86'400 + hour * 3600 + minute * 60 + second - offset_minutes * 60;
  return seconds * second_us + fraction;
}

}  // namespace holdfast::event
