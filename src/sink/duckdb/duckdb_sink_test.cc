#include "sink/duckdb/duckdb_sink.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

#include "duckdb/duckdb.h"
#include "sink/api/prepared_for_tests.h"
#include "testing/temporary_folder.h"

namespace holdfast::sink {
namespace {

using conformance::batch_of;
using conformance::Conformance;
using conformance::dense;

DuckdbSettings settings_in(const testing::TemporaryFolder& folder) {
  return {.path = folder.path() + "/warehouse.duckdb", .table = "flights", .pipeline = "p"};
}

duckdb::Connection connect(const std::string& path) {
  auto database = duckdb::Database::open({.path = path});
  EXPECT_TRUE(database) << database.error().message;
  return std::move(*database->connect());
}

class DuckdbTarget : public conformance::Target {
 public:
  DuckdbTarget() {
    EXPECT_TRUE(connect(settings_.path)
                    .run("CREATE TABLE flights(n BIGINT CHECK (n <> 666), word VARCHAR, ce_source "
                         "VARCHAR, ce_epoch BIGINT, "
                         "ce_sequence BIGINT)"));
  }
  Result<std::unique_ptr<Sink>> open() override {
    return DuckdbSink::open(settings_, conformance::schema());
  }
  std::multiset<std::string> contents() override {
    duckdb::Connection connection = connect(settings_.path);
    auto cursor = connection.query(
        "SELECT format('{}/{}/{} {} {}', ce_source, ce_epoch, ce_sequence, n, word) FROM flights");
    EXPECT_TRUE(cursor);
    std::multiset<std::string> rows;
    while (const auto chunk = *cursor->next())
      for (size_t row = 0; row < chunk->rows(); ++row)
        rows.emplace(chunk->column(0).as<duckdb::Text>()[row].view());
    return rows;
  }

 private:
  testing::TemporaryFolder folder_;
  DuckdbSettings settings_ = settings_in(folder_);
};

INSTANTIATE_TEST_SUITE_P(Duckdb, Conformance,
                         ::testing::Values([] { return std::make_unique<DuckdbTarget>(); }));

std::unique_ptr<DuckdbSink> open(const DuckdbSettings& settings,
                                 const event::Schema& schema = conformance::schema()) {
  auto sink = DuckdbSink::open(settings, schema);
  EXPECT_TRUE(sink) << sink.error().message;
  return sink ? std::move(*sink) : nullptr;
}

TEST(DuckdbSink, WritesEveryTypeAndItsNulls) {
  testing::TemporaryFolder folder;
  {
    auto sink = open(settings_in(folder), prepared::every_type());
    ASSERT_TRUE(sink->write(prepared::batch_of_every_type()).complete());
  }
  duckdb::Connection connection = connect(settings_in(folder).path);
  EXPECT_EQ(
      *connection.query_text("SELECT concat_ws(' ', b, i, j, k, d, t, o->>'seven', epoch(\"at\"), "
                             "epoch(az), \"on\") FROM flights WHERE ce_sequence = 0"),
      "true -2 3 4 5.5 six \\ 'quoted' 7 8.0 9.0 1970-01-11");
  EXPECT_EQ(*connection.query_number("SELECT count(*) FROM flights WHERE ce_sequence = 1 AND b IS "
                                     "NULL AND i IS NULL AND j IS NULL AND k IS NULL AND "
                                     "d IS NULL AND t IS NULL AND o IS NULL AND \"at\" IS NULL AND "
                                     "az IS NULL AND \"on\" IS NULL"),
            1);
}

TEST(DuckdbSink, ATableOfAnotherShapeIsRefusedByNamesOfColumns) {
  testing::TemporaryFolder folder;
  open(settings_in(folder)).reset();
  auto sink = DuckdbSink::open(settings_in(folder),
                               {{"n", event::ColumnType::text}, {"more", event::ColumnType::date}});
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().code, ErrorCode::invalid);
  for (const char* part : {"flights", "more", "word"})
    EXPECT_NE(sink.error().message.find(part), std::string::npos) << part;
}

TEST(DuckdbSink, TwoPipelinesOfOneProcessShareAFile) {
  testing::TemporaryFolder folder;
  DuckdbSettings other = settings_in(folder);
  other.table = "more";
  auto first = open(settings_in(folder));
  auto second = open(other);
  ASSERT_TRUE(first->write(batch_of(dense(0, 10), 10)).complete());
  ASSERT_TRUE(second->write(batch_of(dense(0, 20), 20)).complete());
  EXPECT_EQ((first->positions()->at({"flights.ewr", 0})), 10);
  EXPECT_EQ((second->positions()->at({"flights.ewr", 0})), 20);
}

TEST(DuckdbSink, AReaderOnAnotherThreadSeesWhatIsCommitted) {
  testing::TemporaryFolder folder;
  auto sink = open(settings_in(folder));
  auto reader = sink->reader();
  ASSERT_TRUE(reader);
  std::jthread audit([&](std::stop_token stop) {
    int64_t before = 0;
    while (!stop.stop_requested()) {
      int64_t rows = 0;
      EXPECT_TRUE((*reader)->read_back({}, [&](std::span<const StoredRun> runs) -> Status {
        for (const StoredRun& run : runs) rows += run.last - run.first + 1;
        return {};
      }));
      EXPECT_GE(rows, before);
      EXPECT_EQ(rows % 100, 0);
      before = rows;
    }
  });
  for (int64_t i = 0; i < 50; ++i)
    ASSERT_TRUE(sink->write(batch_of(dense(i * 100, i * 100 + 100), i * 100 + 100)).complete());
}

TEST(DuckdbSink, AnotherProcessThatHoldsTheFileIsNamed) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer ends at a fork in which DuckDB's allocator takes its locks";
#endif
  testing::TemporaryFolder folder;
  open(settings_in(folder)).reset();
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto sink = DuckdbSink::open(settings_in(folder), conformance::schema());
    char byte = sink ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1 || ::read(done[0], &byte, 1) != 1) ::_exit(1);
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  auto sink = DuckdbSink::open(settings_in(folder), conformance::schema());
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().code, ErrorCode::locked);
  EXPECT_NE(sink.error().message.find(std::to_string(child)), std::string::npos)
      << sink.error().message;
  ASSERT_EQ(::write(done[1], &byte, 1), 1);
  ::waitpid(child, nullptr, 0);
}

std::vector<std::string> damaged_files(const testing::TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    if (entry.path().string().contains(".damaged-")) names.push_back(entry.path().string());
  return names;
}

TEST(DuckdbSink, ADamagedFileIsSetAsideAndTheTableBeginsAnew) {
  for (const long at : {0L, 4096L, 12288L}) {
    testing::TemporaryFolder folder;
    {
      auto sink = open(settings_in(folder));
      ASSERT_TRUE(sink->write(batch_of(dense(0, 50'000), 50'000)).complete());
    }
    {
      std::fstream file(settings_in(folder).path, std::ios::in | std::ios::out | std::ios::binary);
      for (int i = 0; i < 2; ++i)
        file.seekp(at + i * 4096).write("damage damage damage damage", 27);
    }
    auto sink = open(settings_in(folder));
    ASSERT_TRUE(sink) << at;
    if (damaged_files(folder).empty()) {
      // The damage lies in the rows, which are not read at opening: DuckDB's checksums find it when
      // they are.
      const auto reader = sink->reader();
      EXPECT_FALSE((*reader)->read_back({}, [](std::span<const StoredRun>) -> Status {
        return {};
      })) << at;
      continue;
    }
    EXPECT_NE(sink->health().message.find(".damaged-"), std::string::npos);
    EXPECT_EQ(*sink->positions(), Positions());
    EXPECT_TRUE(sink->write(batch_of(dense(0, 10), 10)).complete());
  }
}

TEST(DuckdbSink, AfterDamageToTheWriteAheadLogRowsAndPositionsStillAgree) {
  testing::TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    auto sink = DuckdbSink::open(settings_in(folder), conformance::schema());
    const bool good = sink && (*sink)->write(batch_of(dense(0, 1000), 1000)).complete();
    ::_exit(good ? 0 : 1);  // without closing: the log stays
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  const std::string wal = settings_in(folder).path + ".wal";
  ASSERT_TRUE(std::filesystem::exists(wal));
  {
    std::fstream file(wal, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(200).write("damage damage damage damage", 27);
  }
  // DuckDB may take the damage for a torn tail and drop the transaction; it was never whole without
  // its positions.
  auto sink = open(settings_in(folder));
  ASSERT_TRUE(sink);
  conformance::Found found;
  ASSERT_TRUE((*sink->reader())->read_back({}, conformance::collect(found)));
  EXPECT_TRUE(found.empty());
  EXPECT_EQ(*sink->positions(), Positions());
  ASSERT_TRUE(sink->write(batch_of(dense(0, 1000), 1000)).complete());
  ASSERT_TRUE((*sink->reader())->read_back({}, conformance::collect(found)));
  EXPECT_EQ(found.size(), 1000u);
}

/// While it lives, no file of this process grows beyond `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    old_action_ = ::signal(SIGXFSZ, SIG_IGN);
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &now), 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, old_action_);
  }

 private:
  rlimit before_{};
  sighandler_t old_action_;
};

TEST(DuckdbSink, AFileThatCannotGrowLosesAndDoublesNothing) {
  for (const uint64_t more : {1'000u, 30'000u, 70'000u, 200'000u}) {
    testing::TemporaryFolder folder;
    auto sink = open(settings_in(folder));
    ASSERT_TRUE(sink->write(batch_of(dense(0, 1'000), 1'000)).complete());
    const std::string wal = settings_in(folder).path + ".wal";
    int64_t next = 1'000;
    const auto write_next = [&] {
      const Written written = sink->write(batch_of(dense(next, next + 1'000), next + 1'000));
      if (written.complete()) next += 1'000;
      return written;
    };
    {
      FileSizeLimit limit(std::filesystem::file_size(wal) + more);
      Written written;
      for (int i = 0; i < 100 && (written = write_next()).complete(); ++i) {
      }
      ASSERT_FALSE(written.complete()) << more;
      EXPECT_TRUE(written.has(Outcome::unavailable) || written.has(Outcome::unknown));
      EXPECT_FALSE(written.refusals.empty());
      (void)sink->positions();  // may or may not be possible now
    }
    const auto positions = sink->positions();
    ASSERT_TRUE(positions) << positions.error().message;
    next = positions->at({"flights.ewr", 0});
    EXPECT_EQ(next % 1'000, 0);
    ASSERT_TRUE(write_next().complete());
    conformance::Found found;
    ASSERT_TRUE((*sink->reader())->read_back({}, conformance::collect(found)));
    EXPECT_EQ(found.size(), static_cast<size_t>(next)) << more;
    for (const auto& [stamp, copies] : found) ASSERT_EQ(copies, 1);
    EXPECT_TRUE(damaged_files(folder).empty());
  }
}

TEST(DuckdbSink, WhatIsNoDamageIsNotSetAside) {
  testing::TemporaryFolder folder;
  DuckdbSettings settings = settings_in(folder);
  settings.path = folder.path() + "/no/such/folder/w.duckdb";
  EXPECT_EQ(DuckdbSink::open(settings, conformance::schema()).error().code, ErrorCode::io);
  settings.path = folder.path();
  EXPECT_FALSE(DuckdbSink::open(settings, conformance::schema()));
  EXPECT_TRUE(std::filesystem::is_directory(folder.path()));
}

TEST(DuckdbReader, ReadsAClosedFileWithoutChangingIt) {
  testing::TemporaryFolder folder;
  const DuckdbSettings settings = settings_in(folder);
  EXPECT_EQ(open_duckdb_reader(settings).error().code, ErrorCode::not_found);
  {
    auto sink = open(settings);
    ASSERT_TRUE(sink->write(batch_of(dense(0, 5000), 5000)).complete());
  }
  const auto before = std::filesystem::last_write_time(settings.path);
  auto reader = open_duckdb_reader(settings);
  ASSERT_TRUE(reader) << reader.error().message;
  conformance::Found found;
  ASSERT_TRUE((*reader)->read_back({}, conformance::collect(found)));
  EXPECT_EQ(found.size(), 5000u);
  EXPECT_EQ(std::filesystem::last_write_time(settings.path), before);
  DuckdbSettings other = settings;
  other.table = "nothing";
  EXPECT_EQ(open_duckdb_reader(other).error().code, ErrorCode::not_found);
}

}  // namespace
}  // namespace holdfast::sink
