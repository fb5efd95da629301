#include "transform/payload.h"

#include <gtest/gtest.h>

#include "transform/event_batch.h"
#include "transform/scalar.h"

namespace holdfast::transform {
namespace {

using event::ColumnType;

/// Decodes one payload into one column named "x"; nothing when it is refused.
std::optional<event::Rows> decode(ColumnType type, std::string payload) {
  const size_t size = payload.size();
  payload.resize(size + EventBatch::padding);
  const std::string_view value(payload.data(), size);
  const event::Schema schema = {{"x", type}};
  event::Rows rows(schema);
  PayloadDecoder decoder(schema);
  const bool good = decoder.decode(&value, rows).has_value();
  EXPECT_EQ(rows.rows(), 1u);
  EXPECT_EQ(good || rows.column(0).is_null(0), true);
  if (!good) return {};
  return rows;
}

TEST(Payload, TakesValuesThatFitTheirType) {
  EXPECT_EQ(decode(ColumnType::int16, R"({"x":-32768})")->column(0).value<int16_t>(0), -32768);
  EXPECT_EQ(decode(ColumnType::int64, R"({"x":9223372036854775807})")->column(0).value<int64_t>(0),
            INT64_MAX);
  EXPECT_EQ(decode(ColumnType::int32, R"({"x":"12"})")->column(0).value<int32_t>(0), 12);
  EXPECT_EQ(decode(ColumnType::int32, R"({"x":12.0})")->column(0).value<int32_t>(0), 12);
  EXPECT_EQ(decode(ColumnType::float64, R"({"x":3})")->column(0).value<double>(0), 3.0);
  EXPECT_EQ(decode(ColumnType::boolean, R"({"x":true})")->column(0).value<uint8_t>(0), 1);
  EXPECT_EQ(decode(ColumnType::text, R"({"x":"caf\u00e9"})")->column(0).text(0), "caf\xc3\xa9");
  EXPECT_EQ(decode(ColumnType::text, R"({"x":1.5})")->column(0).text(0), "1.5");
  EXPECT_EQ(decode(ColumnType::date, R"({"x":"2013-01-01"})")->column(0).value<int32_t>(0), 15706);
  EXPECT_EQ(
      decode(ColumnType::timestamp, R"({"x":"2013-01-01 05:00:00"})")->column(0).value<int64_t>(0),
      1'357'016'400'000'000);
}

TEST(Payload, MissingAndNullFieldsAreNull) {
  EXPECT_TRUE(decode(ColumnType::int32, R"({"x":null})")->column(0).is_null(0));
  EXPECT_TRUE(decode(ColumnType::text, R"({"y":1})")->column(0).is_null(0));
  EXPECT_TRUE(decode(ColumnType::text, R"({})")->column(0).is_null(0));
}

TEST(Payload, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(decode(ColumnType::int16, R"({"x":32768})"));
  EXPECT_FALSE(decode(ColumnType::int64, R"({"x":9223372036854775808})"));
  EXPECT_FALSE(decode(ColumnType::int32, R"({"x":1.5})"));
  EXPECT_FALSE(decode(ColumnType::int32, R"({"x":"1 "})"));
  EXPECT_FALSE(decode(ColumnType::int32, R"({"x":true})"));
  EXPECT_FALSE(decode(ColumnType::boolean, R"({"x":"yes"})"));
  EXPECT_FALSE(decode(ColumnType::timestamp, R"({"x":5})"));
  EXPECT_FALSE(decode(ColumnType::int32, R"({"x":1,"x":2})"));
  EXPECT_FALSE(decode(ColumnType::int32, R"([1])"));
  EXPECT_FALSE(decode(ColumnType::int32, ""));
  EXPECT_FALSE(decode(ColumnType::int32, R"({"x":1} {)"));
  EXPECT_FALSE(decode(ColumnType::int32, "{\"x\":1,\"y\":\"\xff\"}"));
}

TEST(Scalar, ReadsTimesWithAndWithoutZones) {
  EXPECT_EQ(parse_timestamp("1970-01-01"), 0);
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:01Z"), 1'000'000);
  EXPECT_EQ(parse_timestamp("1970-01-01 00:00:00.5"), 500'000);
  EXPECT_EQ(parse_timestamp("1970-01-01T02:00:00+02:00"), 0);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:00:00-01"), 0);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59.999999999Z"), -1);
  for (const char* wrong :
       {"", "1970", "1970-13-01", "1970-02-30", "1970-01-01X", "1970-01-01T", "1970-01-01T25:00",
        "1970-01-01T00:60", "1970-01-01T00:00:00.", "1970-01-01T00:00:00 Z", "1970-01-01T00:00+2"})
    EXPECT_FALSE(parse_timestamp(wrong)) << wrong;
  EXPECT_FALSE(parse_date("2013-01-01 "));
}

}  // namespace
}  // namespace holdfast::transform
