#include "event/cloud_event.h"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>
#include <vector>

namespace holdfast::event {
namespace {

Event sample() {
  return {.stamp = {.source = "ewr", .epoch = 1763715316000, .sequence = 42},
          .type = "holdfast.file.row",
          .time_us = 1'763'715'316'000'001,
          .version = 1'763'715'316'000'002,
          .content_type = "application/json",
          .key = "k",
          .value = "{}"};
}

std::map<std::string, std::string> as_map(Headers headers) {
  std::map<std::string, std::string> map;
  for (const Header& header : headers)
    map[std::string(header.name)] = header.value.value_or("<null>");
  return map;
}

bool same(const Event& a, const Event& b) {
  return a.stamp.source == b.stamp.source && a.stamp.epoch == b.stamp.epoch &&
         a.stamp.sequence == b.stamp.sequence && a.type == b.type && a.time_us == b.time_us &&
         a.version == b.version && a.content_type == b.content_type && a.key == b.key &&
         a.value == b.value;
}

TEST(CloudEvent, IsWrittenAsTheKafkaBindingSays) {
  CloudEventFormatter formatter;
  EXPECT_EQ(as_map(formatter.format(sample())),
            (std::map<std::string, std::string>{{"ce_specversion", "1.0"},
                                                {"ce_id", "1763715316000-42"},
                                                {"ce_source", "ewr"},
                                                {"ce_type", "holdfast.file.row"},
                                                {"ce_time", "2025-11-21T08:55:16.000001Z"},
                                                {"ce_sequence", "42"},
                                                {"ce_epoch", "1763715316000"},
                                                {"ce_version", "1763715316000002"},
                                                {"content-type", "application/json"}}));
}

TEST(CloudEvent, ComesBackFromItsHeadersWhateverItIs) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    const auto number = [] { return *rc::gen::inRange<int64_t>(0, INT64_MAX); };
    const std::string source = "s" + text;
    Event event{
        .stamp = {.source = source, .epoch = number(), .sequence = number()},
        .type = text,
        .time_us = *rc::gen::inRange<int64_t>(-62'167'219'200'000'000, 253'402'300'799'999'999),
        .version = number(),
        .content_type = text,
        .key = text,
        .value = std::nullopt};
    CloudEventFormatter formatter;
    formatter.format(sample());
    const auto parsed = parse_event(formatter.format(event), event.key, event.value);
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(same(*parsed, event));
  }));
}

TEST(CloudEvent, IsFoundAmongHeadersInAnyOrderAndOthersAreIgnored) {
  CloudEventFormatter formatter;
  const Headers headers = formatter.format(sample());
  std::vector<Header> shuffled(headers.rbegin(), headers.rend());
  shuffled.insert(shuffled.begin() + 3, {"traceparent", "00-1-2-01"});
  const auto parsed = parse_event(shuffled, "k", "{}");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_TRUE(same(*parsed, sample()));
  EXPECT_TRUE(is_stamped(shuffled));
  EXPECT_FALSE(is_stamped(std::vector<Header>{{"ce_source", "x"}}));
}

struct Wrong {
  const char* header;
  std::optional<std::string_view> value;
};

TEST(CloudEvent, NamesTheHeaderThatIsWrongOrMissing) {
  CloudEventFormatter formatter;
  const Headers good = formatter.format(sample());
  const std::vector<Wrong> wrongs = {{"ce_specversion", "2.0"},
                                     {"ce_id", "1-42"},
                                     {"ce_id", "1763715316000-042"},
                                     {"ce_source", ""},
                                     {"ce_sequence", "-1"},
                                     {"ce_sequence", "4x"},
                                     {"ce_sequence", ""},
                                     {"ce_epoch", "9223372036854775808"},
                                     {"ce_time", "yesterday"},
                                     {"ce_version", std::nullopt}};
  for (const Wrong& wrong : wrongs) {
    std::vector<Header> headers(good.begin(), good.end());
    for (Header& header : headers) {
      if (header.name == wrong.header) header.value = wrong.value;
    }
    const auto parsed = parse_event(headers, {}, {});
    ASSERT_FALSE(parsed) << wrong.header;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid);
    EXPECT_NE(parsed.error().message.find(wrong.header), std::string::npos)
        << parsed.error().message;
  }
  for (size_t i = 0; i + 1 < good.size(); ++i) {
    std::vector<Header> headers(good.begin(), good.end());
    headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(i));
    const auto parsed = parse_event(headers, {}, {});
    ASSERT_FALSE(parsed);
    EXPECT_NE(parsed.error().message.find(good[i].name), std::string::npos)
        << parsed.error().message;
  }
}

TEST(Time, ReadsEveryFormOfRfc3339AndNothingElse) {
  EXPECT_EQ(*parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(*parse_time("1970-01-01t01:00:00.5+01:00"), 500'000);
  EXPECT_EQ(*parse_time("1969-12-31T23:00:00.123456789-01:00"), 123'456);
  EXPECT_EQ(*parse_time("2024-02-29T00:00:00Z"), 1'709'164'800'000'000);
  for (const char* wrong :
       {"", "1970-01-01", "1970-01-01T00:00:00", "2023-02-29T00:00:00Z", "1970-01-01T24:00:00Z",
        "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00Zx", "1970-01-01T00:00:00+1:00",
        "1970-13-01T00:00:00Z", "1970-01-01T00:00:00.1234567890Z"}) {
    EXPECT_FALSE(parse_time(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace holdfast::event
