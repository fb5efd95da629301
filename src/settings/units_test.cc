#include "settings/units.h"

#include <gtest/gtest.h>

namespace holdfast::settings {
namespace {

TEST(Units, SizesAreBytesInBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("64MiB"), 64u << 20);
  EXPECT_EQ(parse_size("64 mib"), 64u << 20);
  EXPECT_EQ(parse_size("1GB"), 1'000'000'000u);
  EXPECT_EQ(parse_size("1_000 kB"), 1'000'000u);
  for (const char* bad : {"", "MiB", "-1", "1.5GiB", "64XB", "1__0", "_1", "1_",
                          "99999999999999999999", "17179869184TiB"}) {
    EXPECT_EQ(parse_size(bad), std::nullopt) << bad;
  }
}

TEST(Units, DurationsNeedTheirUnit) {
  EXPECT_EQ(parse_duration_ms("0"), 0);
  EXPECT_EQ(parse_duration_ms("250ms"), 250);
  EXPECT_EQ(parse_duration_ms("10s"), 10'000);
  EXPECT_EQ(parse_duration_ms("5m"), 300'000);
  EXPECT_EQ(parse_duration_ms("2d"), 172'800'000);
  for (const char* bad : {"", "10", "s", "-1s", "1.5s", "10 parsecs", "9223372036854775807d"}) {
    EXPECT_EQ(parse_duration_ms(bad), std::nullopt) << bad;
  }
}

TEST(Units, NumbersAreWholeAndFit) {
  EXPECT_EQ(parse_number("20_000"), 20'000);
  EXPECT_EQ(parse_number("-5"), -5);
  EXPECT_EQ(parse_number("9223372036854775807"), INT64_MAX);
  for (const char* bad : {"", "-", "1.0", "0x10", "9223372036854775808", "5 "})
    EXPECT_EQ(parse_number(bad), std::nullopt) << bad;
}

TEST(Units, WhatIsFormattedReadsBackAsTheSame) {
  for (uint64_t bytes :
       {0ull, 1ull, 1023ull, 1024ull, 1536ull, 64ull << 20, 4ull << 30, (1ull << 40) + 1}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  }
  for (int64_t ms : {0ll, 1ll, 999ll, 1000ll, 61'000ll, 3'600'000ll, 86'400'000ll}) {
    EXPECT_EQ(parse_duration_ms(format_duration(ms)), ms);
  }
  EXPECT_EQ(format_size(64ull << 20), "64MiB");
  EXPECT_EQ(format_duration(200), "200ms");
}

}  // namespace
}  // namespace holdfast::settings
