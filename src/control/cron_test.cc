#include "control/cron.h"

#include <gtest/gtest.h>

#include "control/moment.h"
#include "event/cloud_event.h"

namespace holdfast::control {
namespace {

std::string next(std::string_view schedule, std::string_view after) {
  const auto cron = Cron::parse(schedule);
  EXPECT_TRUE(cron) << cron.error().message;
  std::array<char, 32> buffer;
  const int64_t at = cron->next_us(*event::parse_time(after));
  return at == 0 ? "never" : std::string(event::format_time(at, buffer).substr(0, 16));
}

TEST(Cron, FindsTheNextMinuteThatFits) {
  EXPECT_EQ(next("0 * * * *", "2026-11-21T12:00:00Z"), "2026-11-21T13:00");
  EXPECT_EQ(next("*/15 * * * *", "2026-11-21T12:46:00Z"), "2026-11-21T13:00");
  EXPECT_EQ(next("30 2 * * *", "2026-12-31T02:30:01Z"), "2027-01-01T02:30");
  EXPECT_EQ(next("0 9-17/4 * * 1-5", "2026-11-20T17:00:00Z"), "2026-11-23T09:00");
  EXPECT_EQ(next("0 0 29 2 *", "2026-11-21T00:00:00Z"), "2028-02-29T00:00");
  EXPECT_EQ(next("0 0 1 * 7", "2026-11-21T00:00:00Z"), "2026-11-22T00:00");  // either day
  EXPECT_EQ(next("0 0 31 2 *", "2026-11-21T00:00:00Z"), "never");
}

TEST(Cron, TheFirstOfSixFieldsAreTheSeconds) {
  const auto cron = Cron::parse("*/20 30 2 * * *");
  ASSERT_TRUE(cron);
  const int64_t at_us = *event::parse_time("2026-11-21T02:30:00Z");
  EXPECT_EQ(cron->next_us(at_us - 1), at_us);
  EXPECT_EQ(cron->next_us(at_us), at_us + 20'000'000);
  EXPECT_EQ(cron->next_us(at_us + 40'000'000), at_us + 86'400'000'000);
}

TEST(Cron, RefusesWhatIsNoSchedule) {
  for (const char* wrong :
       {"", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "5-3 * * * *", "*/0 * * * *",
        "a * * * *", "1, * * * *", "* * * * * * *", "60 * * * * *"})
    EXPECT_FALSE(Cron::parse(wrong)) << wrong;
}

TEST(Moment, IsATimeOrHowLongAgo) {
  const int64_t now_us = *event::parse_time("2026-11-21T12:00:00Z");
  EXPECT_EQ(*parse_moment("2026-11-21T08:00:00Z", now_us), now_us - 4 * 3'600'000'000);
  EXPECT_EQ(*parse_moment("30m", now_us), now_us - 1'800'000'000);
  EXPECT_FALSE(parse_moment("yesterday", now_us));
}

}  // namespace
}  // namespace holdfast::control
