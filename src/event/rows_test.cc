#include "event/rows.h"

#include <gtest/gtest.h>

namespace holdfast::event {
namespace {

TEST(Rows, KeepTypedValuesTextsAndNullsApart) {
  Rows rows(Schema{{"n", ColumnType::int32}, {"word", ColumnType::text}});
  for (int i = 0; i < 200; ++i) {
    if (i % 3 == 0)
      rows.column(0).add_null();
    else
      rows.column(0).add<int32_t>(i);
    if (i % 5 == 0)
      rows.column(1).add_null();
    else
      rows.column(1).add_text(std::string(static_cast<size_t>(i), 'x'));
  }
  ASSERT_EQ(rows.rows(), 200u);
  for (size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(rows.column(0).is_null(i), i % 3 == 0);
    EXPECT_EQ(rows.column(0).value<int32_t>(i), i % 3 == 0 ? 0 : static_cast<int32_t>(i));
    EXPECT_EQ(rows.column(1).is_null(i), i % 5 == 0);
    EXPECT_EQ(rows.column(1).text(i).size(), i % 5 == 0 ? 0 : i);
  }
}

TEST(Rows, AreFilledManyAtATimeAndUsedAgain) {
  Rows rows(Schema{{"d", ColumnType::float64}});
  for (int round = 0; round < 3; ++round) {
    double* values = rows.column(0).extend<double>(100);
    for (int i = 0; i < 100; ++i) values[i] = i * 0.5;
    rows.column(0).set_null(99);
    EXPECT_EQ(rows.column(0).value<double>(98), 49.0);
    EXPECT_TRUE(rows.column(0).is_null(99));
    EXPECT_FALSE(rows.column(0).is_null(0));
    rows.clear();
    EXPECT_EQ(rows.rows(), 0u);
    EXPECT_FALSE(rows.column(0).has_nulls());
  }
}

TEST(Rows, TypesHaveWidthsAndNames) {
  EXPECT_EQ(width(ColumnType::boolean), 1u);
  EXPECT_EQ(width(ColumnType::date), 4u);
  EXPECT_EQ(width(ColumnType::timestamp_tz), 8u);
  EXPECT_EQ(width(ColumnType::json), 0u);
  EXPECT_STREQ(name(ColumnType::timestamp), "timestamp");
}

}  // namespace
}  // namespace holdfast::event
