#pragma once

#include <bitset>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace holdfast::control {

/// A schedule as cron has it, in UTC: minute, hour, day of month, month, day of week (0 or 7 is
/// Sunday), each `*`, a number, `a-b`, `*/n`, `a-b/n`, or several with commas. When both days are
/// restricted, either suffices. With six fields the first are the seconds.
class Cron {
 public:
  /// `invalid`, naming the field.
  static Result<Cron> parse(std::string_view text);
  /// The first moment after `after_us` that fits; 0 when there is none within five years.
  int64_t next_us(int64_t after_us) const;

 private:
  /// Of a minute, in seconds since 1970: whether that minute fits; else where to look on.
  bool fits(int64_t minute, int64_t& next) const;

  std::bitset<60> seconds_;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = false, any_weekday_ = false;
};

}  // namespace holdfast::control
