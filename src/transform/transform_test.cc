#include "transform/transform.h"

#include <fstream>
#include <gtest/gtest.h>
#include <random>

#include "testing/temporary_folder.h"

namespace holdfast::transform {
namespace {

/// A batch of JSON payloads of one source.
EventBatch batch_of(const std::vector<std::string>& payloads) {
  EventBatch batch;
  int64_t sequence = 0;
  for (const std::string& payload : payloads) {
    event::Event event;
    event.stamp = {"ewr", 3, sequence};
    event.type = "row";
    event.time_us = 1'000'000 * sequence;
    event.value = payload;
    batch.add(event, {"flights.ewr", 0, 100 + sequence});
    ++sequence;
  }
  return batch;
}

std::unique_ptr<Transform> open(const Settings& settings) {
  auto transform = Transform::open(settings);
  EXPECT_TRUE(transform) << transform.error().message;
  return transform ? std::move(*transform) : nullptr;
}

Output run(Transform& transform, const EventBatch& batch) {
  Output output;
  const Status status = transform.run(batch, output);
  EXPECT_TRUE(status) << status.error().message;
  return output;
}

using RowOf = std::vector<int32_t>;

TEST(Transform, MakesTypedRowsOfPayloadFields) {
  auto transform =
      open({.sql = "SELECT year, carrier, dep_delay * 1.5 AS slow, make_timestamp(year, 1, 2, 3, "
                   "4, 0.0) AS at, topic FROM events",
            .columns = {{"year", "INTEGER"}, {"carrier", "VARCHAR"}, {"dep_delay", "DOUBLE"}}});
  const event::Schema expected = {{"year", event::ColumnType::int32},
                                  {"carrier", event::ColumnType::text},
                                  {"slow", event::ColumnType::float64},
                                  {"at", event::ColumnType::timestamp},
                                  {"topic", event::ColumnType::text}};
  EXPECT_EQ(transform->schema(), expected);
  const Output output =
      run(*transform,
          batch_of({R"({"year":2013,"carrier":"UA","dep_delay":2,"other":[1]})",
                    R"({"carrier":"a carrier with a long name","year":"2014","dep_delay":null})"}));
  EXPECT_EQ(output.row_of, (RowOf{0, 1}));
  EXPECT_EQ(output.rows.column(0).value<int32_t>(0), 2013);
  EXPECT_EQ(output.rows.column(0).value<int32_t>(1), 2014);
  EXPECT_EQ(output.rows.column(1).text(1), "a carrier with a long name");
  EXPECT_EQ(output.rows.column(2).value<double>(0), 3.0);
  EXPECT_TRUE(output.rows.column(2).is_null(1));
  EXPECT_EQ(output.rows.column(3).value<int64_t>(0), 1'357'095'840'000'000);
  EXPECT_EQ(output.rows.column(4).text(0), "flights.ewr");
}

TEST(Transform, WithoutSqlTakesTheColumnsOrTheEventAsItIs) {
  auto columns = open({.columns = {{"b", "BIGINT"}, {"a", "JSON"}}});
  EXPECT_EQ(columns->schema(),
            (event::Schema{{"a", event::ColumnType::json}, {"b", event::ColumnType::int64}}));
  const Output output = run(*columns, batch_of({R"({"a":{"x":[1, 2]},"b":1e3})"}));
  EXPECT_EQ(output.rows.column(0).text(0), R"({"x":[1,2]})");
  EXPECT_EQ(output.rows.column(1).value<int64_t>(0), 1000);

  auto plain = open({});
  const Output kept = run(*plain, batch_of({"not json at all", "\xff\xfe"}));
  EXPECT_EQ(kept.row_of, (RowOf{0, Output::rejected}));
  EXPECT_EQ(kept.rows.column(4).text(0), "not json at all");
}

TEST(Transform, TellsFilteredEventsFromRows) {
  auto transform =
      open({.sql = "SELECT n FROM events WHERE n % 2 = 0", .columns = {{"n", "INTEGER"}}});
  std::vector<std::string> payloads;
  for (int i = 0; i < 5000; ++i) payloads.push_back("{\"n\":" + std::to_string(i) + "}");
  const Output output = run(*transform, batch_of(payloads));
  ASSERT_EQ(output.rows.rows(), 2500u);
  for (int i = 0; i < 5000; ++i) {
    const int32_t row = output.row_of[static_cast<size_t>(i)];
    if (i % 2 == 1)
      ASSERT_EQ(row, Output::filtered);
    else
      ASSERT_EQ(output.rows.column(0).value<int32_t>(static_cast<size_t>(row)), i);
  }
}

TEST(Transform, OnePoisonPayloadAmongTenThousandIsNamedAndStopsNobody) {
  auto transform = open({.sql = "SELECT n FROM events", .columns = {{"n", "INTEGER"}}});
  std::vector<std::string> payloads(10'000, R"({"n":1})");
  payloads[7777] = R"({"n":"seven"})";
  payloads[8888] = R"({"n":1)";
  const Output output = run(*transform, batch_of(payloads));
  EXPECT_EQ(output.rows.rows(), 9'998u);
  ASSERT_EQ(output.rejections.size(), 2u);
  EXPECT_EQ(output.rejections[0].event, 7777u);
  EXPECT_EQ(output.rejections[0].code, "payload");
  EXPECT_NE(output.rejections[0].message.find("seven"), std::string::npos);
  EXPECT_EQ(output.rejections[1].event, 8888u);
  EXPECT_EQ(output.row_of[7777], Output::rejected);
}

TEST(Transform, AnErrorOfTheSqlIsPinnedToItsEvents) {
  auto transform = open({.sql = "SELECT CAST(value->>'$.n' AS INTEGER) AS n FROM events"});
  std::vector<std::string> payloads(10'000, R"({"n":1})");
  for (const size_t bad : {0u, 1u, 5000u, 9999u}) payloads[bad] = R"({"n":"x"})";
  const Output output = run(*transform, batch_of(payloads));
  EXPECT_EQ(output.rows.rows(), 9'996u);
  std::vector<uint32_t> culprits;
  for (const auto& rejection : output.rejections) culprits.push_back(rejection.event);
  EXPECT_EQ(culprits, (std::vector<uint32_t>{0, 1, 5000, 9999}));
  EXPECT_EQ(output.rejections[0].code, "sql");
  std::vector<int32_t> rows;
  for (int32_t row : output.row_of)
    if (row >= 0) rows.push_back(row);
  for (size_t i = 0; i < rows.size(); ++i) ASSERT_EQ(rows[i], static_cast<int32_t>(i));
}

TEST(Transform, ABatchOfNothingButPoisonEnds) {
  auto transform = open({.sql = "SELECT CAST(value AS INTEGER) AS n FROM events"});
  const Output output = run(*transform, batch_of(std::vector<std::string>(500, "x")));
  EXPECT_EQ(output.rejections.size(), 500u);
  EXPECT_EQ(output.rows.rows(), 0u);
}

TEST(Transform, JoinsAStaticTableAndRefusesAJoinThatDoublesEvents) {
  testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/airlines.csv";
  std::ofstream(path) << "carrier,name\nUA,United\nAA,American\nB6,JetBlue\nB6,JetBlue again\n";
  auto transform =
      open({.sql = "SELECT carrier, name FROM events JOIN airlines USING (carrier) -- one each\n;",
            .columns = {{"carrier", "VARCHAR"}},
            .tables = {{"airlines", path}}});
  const Output output = run(*transform, batch_of({R"({"carrier":"AA"})", R"({"carrier":"B6"})",
                                                  R"({"carrier":"ZZ"})", R"({"carrier":"UA"})"}));
  ASSERT_EQ(output.rejections.size(), 1u);
  EXPECT_EQ(output.rejections[0].event, 1u);
  EXPECT_EQ(output.rejections[0].code, "several_rows");
  EXPECT_EQ(output.row_of[2], Output::filtered);
  EXPECT_EQ(output.rows.column(1).text(static_cast<size_t>(output.row_of[0])), "American");
  EXPECT_EQ(output.rows.column(1).text(static_cast<size_t>(output.row_of[3])), "United");
}

TEST(Transform, CarriesTheStampThroughCommonTableExpressionsAndUnions) {
  auto with =
      open({.sql = "WITH late AS (SELECT * FROM events WHERE n > 1) SELECT n, ce_row FROM late",
            .columns = {{"n", "INTEGER"}}});
  EXPECT_EQ(run(*with, batch_of({R"({"n":1})", R"({"n":2})"})).row_of,
            (RowOf{Output::filtered, 0}));
  auto both = open({.sql = "SELECT n, ce_row FROM events WHERE n < 2 UNION ALL SELECT -n, ce_row "
                           "FROM events WHERE n >= 2",
                    .columns = {{"n", "INTEGER"}}});
  const Output output = run(*both, batch_of({R"({"n":5})", R"({"n":1})"}));
  EXPECT_EQ(output.rows.column(0).value<int32_t>(static_cast<size_t>(output.row_of[0])), -5);
  auto star = open({.sql = "SELECT * FROM events", .columns = {{"n", "INTEGER"}}});
  for (const event::ColumnSpec& column : star->schema()) EXPECT_NE(column.name, "ce_row");
}

TEST(Transform, TheCheckRefusesWhatCannotWork) {
  const std::map<std::string, std::string> columns = {{"n", "INTEGER"}};
  const auto refuses = [&](Settings settings) {
    auto transform = Transform::open(settings);
    return !transform && transform.error().code == ErrorCode::invalid &&
           !transform.error().message.empty();
  };
  EXPECT_TRUE(refuses({.sql = "SELECT nothing FROM events", .columns = columns}));
  EXPECT_TRUE(refuses({.sql = "SELEC n FROM events", .columns = columns}));
  EXPECT_TRUE(refuses({.sql = "SELECT n FROM events; SELECT 1", .columns = columns}));
  EXPECT_TRUE(refuses({.sql = "DROP VIEW events", .columns = columns}));
  EXPECT_TRUE(refuses({.sql = "SELECT count(*) FROM events", .columns = columns}));
  EXPECT_TRUE(refuses({.sql = "SELECT DISTINCT n FROM events GROUP BY n", .columns = columns}));
  EXPECT_TRUE(refuses({.sql = "SELECT n FROM events LIMIT 10", .columns = columns}));
  EXPECT_TRUE(refuses({.sql = "SELECT n, n FROM events", .columns = columns}));
  EXPECT_TRUE(refuses({.sql = "SELECT n FROM events", .columns = {{"n", "NUMBER"}}}));
  EXPECT_TRUE(refuses({.sql = "SELECT 1 AS n FROM events", .columns = {{"offset", "INTEGER"}}}));
  EXPECT_TRUE(refuses({.sql = "SELECT 1 AS n FROM events", .tables = {{"t", "nothing.txt"}}}));
}

TEST(Transform, StaysExactOverManyBatchesOfAnySize) {
  auto transform = open({.sql = "SELECT n, upper(word) AS word FROM events WHERE n % 3 > 0",
                         .columns = {{"n", "BIGINT"}, {"word", "VARCHAR"}}});
  std::mt19937 random(3);
  Output output;
  for (const size_t size : {1u, 2u, 2047u, 2048u, 2049u, 0u, 7000u}) {
    std::vector<std::string> payloads;
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < size; ++i) {
      numbers.push_back(static_cast<int64_t>(random()));
      payloads.push_back("{\"n\":" + std::to_string(numbers.back()) + ",\"word\":\"a longer word " +
                         std::to_string(i) + "\"}");
    }
    const EventBatch batch = batch_of(payloads);
    ASSERT_TRUE(transform->run(batch, output));
    for (size_t i = 0; i < size; ++i) {
      const int32_t row = output.row_of[i];
      ASSERT_EQ(row == Output::filtered, numbers[i] % 3 == 0);
      if (row == Output::filtered) continue;
      ASSERT_EQ(output.rows.column(0).value<int64_t>(static_cast<size_t>(row)), numbers[i]);
      ASSERT_EQ(output.rows.column(1).text(static_cast<size_t>(row)),
                "A LONGER WORD " + std::to_string(i));
    }
  }
}

}  // namespace
}  // namespace holdfast::transform
