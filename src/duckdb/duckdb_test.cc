#include "duckdb/duckdb.h"

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace holdfast::duckdb {
namespace {

Connection connect(const Settings& settings = {}) {
  Result<Database> database = Database::open(settings);
  EXPECT_TRUE(database) << database.error().message;
  return std::move(*database->connect());
}

TEST(Duckdb, AnswersTypedColumnsAndNulls) {
  Connection connection = connect();
  Result<Cursor> cursor = connection.query(
      "SELECT * FROM (VALUES (1::INTEGER, 'short', TIMESTAMP '1970-01-01 00:00:01', 0.5::DOUBLE), "
      "(NULL, 'a text of more than twelve bytes', NULL, NULL)) t(i, s, t, d)");
  ASSERT_TRUE(cursor);
  ASSERT_EQ(cursor->columns().size(), 4u);
  EXPECT_EQ(cursor->columns()[0].type, Type::int32);
  EXPECT_EQ(cursor->columns()[1].name, "s");
  EXPECT_EQ(cursor->columns()[2].type, Type::timestamp);
  Result<std::optional<Chunk>> chunk = cursor->next();
  ASSERT_TRUE(chunk && chunk->has_value());
  ASSERT_EQ((*chunk)->rows(), 2u);
  EXPECT_EQ((*chunk)->column(0).as<int32_t>()[0], 1);
  EXPECT_FALSE((*chunk)->column(0).valid(1));
  EXPECT_EQ((*chunk)->column(1).as<Text>()[0].view(), "short");
  EXPECT_EQ((*chunk)->column(1).as<Text>()[1].view(), "a text of more than twelve bytes");
  EXPECT_EQ((*chunk)->column(2).as<int64_t>()[0], 1'000'000);
  EXPECT_FALSE((*cursor->next()).has_value());
}

TEST(Duckdb, ErrorsCarryACodeAndTheMessage) {
  Connection connection = connect();
  EXPECT_EQ(connection.run("SELEKT 1").error().code, ErrorCode::invalid);
  EXPECT_EQ(connection.run("SELECT 'x'::INTEGER").error().code, ErrorCode::invalid);
  EXPECT_EQ(connection.prepare("SELECT nothing FROM nowhere").error().code, ErrorCode::invalid);
  EXPECT_EQ(Database::open({.path = "/no/such/folder/x.db"}).error().code, ErrorCode::io);
}

TEST(Duckdb, AStreamingResultReportsAnErrorInItsMiddle) {
  Connection connection = connect();
  Statement statement = std::move(*connection.prepare(
      "SELECT CASE WHEN i = 50000 THEN 'x' ELSE '1' END::INTEGER FROM range(100000) t(i)"));
  Result<Cursor> cursor = statement.execute_streaming();
  Status status;
  size_t rows = 0;
  while (cursor) {
    auto chunk = cursor->next();
    if (!chunk) status = std::unexpected(chunk.error());
    if (!chunk || !chunk->has_value()) break;
    rows += (*chunk)->rows();
  }
  if (!cursor) status = std::unexpected(cursor.error());
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::invalid);
  EXPECT_LT(rows, 100000u);
}

TEST(Duckdb, AppendsChunksInsideATransaction) {
  Connection connection = connect();
  ASSERT_TRUE(connection.run("CREATE TABLE t(i BIGINT, s VARCHAR)"));
  ASSERT_TRUE(connection.run("BEGIN"));
  const std::string text = "a text of more than twelve bytes";
  {
    Appender appender = std::move(*connection.appender("t"));
    for (int chunk = 0; chunk < 3; ++chunk) {
      VectorWriter numbers = appender.column(0);
      VectorWriter texts = appender.column(1);
      for (size_t row = 0; row < rows_per_chunk; ++row) {
        numbers.as<int64_t>()[row] = static_cast<int64_t>(chunk * rows_per_chunk + row);
        texts.as<Text>()[row] = Text::borrow(text);
        if (row % 2 == 0) texts.set_null(row);
      }
      ASSERT_TRUE(appender.append(rows_per_chunk));
    }
    ASSERT_TRUE(appender.close());
  }
  ASSERT_TRUE(connection.run("COMMIT"));
  EXPECT_EQ(*connection.query_number("SELECT sum(i)::BIGINT FROM t"), 6143 * 6144 / 2);
  EXPECT_EQ(*connection.query_number(
                "SELECT count(*) FROM t WHERE s = 'a text of more than twelve bytes'"),
            3072);
}

/// Squares, and a text that is null for odd numbers.
class Squares : public VirtualTable {
 public:
  const std::vector<ColumnInfo>& columns() const override { return columns_; }
  uint64_t rows() const override { return rows_; }
  void fill(size_t column, uint64_t first_row, size_t count, VectorWriter& out) override {
    filled_[column] += count;
    for (size_t i = 0; i < count; ++i) {
      const int64_t n = static_cast<int64_t>(first_row + i);
      if (column == 0) out.as<int64_t>()[i] = n * n;
      if (column == 1 && n % 2 == 0)
        out.as<Text>()[i] = Text::borrow("an even number, that is sure");
      if (column == 1 && n % 2 == 1) out.set_null(i);
    }
  }
  uint64_t rows_ = 5000;
  size_t filled_[2] = {};

 private:
  std::vector<ColumnInfo> columns_{{"square", Type::int64, {}}, {"word", Type::text, {}}};
};

TEST(Duckdb, AVirtualTableIsReadWithoutACopyAndOnlyWhereNeeded) {
  Squares squares;
  Connection connection = connect();
  ASSERT_TRUE(connection.register_table("squares", squares));
  ASSERT_TRUE(connection.run("CREATE VIEW numbers AS FROM squares()"));
  EXPECT_EQ(*connection.query_number("SELECT count(*) FROM numbers"), 5000);
  EXPECT_EQ(squares.filled_[1], 0u);
  EXPECT_EQ(*connection.query_number("SELECT count(word) FROM numbers WHERE square > 100"), 2494);
  Statement statement = std::move(*connection.prepare("SELECT max(square) FROM numbers"));
  for (const uint64_t rows : {10, 3000, 1}) {
    squares.rows_ = rows;
    auto cursor = statement.execute();
    ASSERT_TRUE(cursor);
    const auto chunk = cursor->next();
    EXPECT_EQ((*chunk)->column(0).as<int64_t>()[0], static_cast<int64_t>((rows - 1) * (rows - 1)));
  }
}

TEST(Duckdb, ADamagedFileIsCorruptAndNotAnIoError) {
  testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/w.duckdb";
  {
    ASSERT_TRUE(connect({.path = path}).run("CREATE TABLE t AS FROM range(100000)"));
  }
  FILE* file = std::fopen(path.c_str(), "r+b");
  for (const long at : {4096L, 8192L, 16384L}) {
    std::fseek(file, at, SEEK_SET);
    std::fputs("damage damage damage", file);
  }
  std::fclose(file);
  Result<Database> database = Database::open({.path = path});
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, ErrorCode::corrupt) << database.error().message;
}

}  // namespace
}  // namespace holdfast::duckdb
