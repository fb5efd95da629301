#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "duckdb/duckdb.h"
#include "sink/api/prepared_for_tests.h"
#include "sink/duckdb/duckdb_sink.h"
#include "testing/temporary_folder.h"

/// kill -9 of a process that writes prepared batches into a DuckDB file: at every fault point, and
/// anywhere.
namespace holdfast::sink {
namespace {

using prepared::offsets;
using prepared::per_batch;

DuckdbSettings settings_of(const std::string& path) {
  // So small that checkpoints are among what is killed.
  return {.path = path, .table = "flights", .pipeline = "p", .checkpoint_bytes = 256 << 10};
}

int64_t position(Sink& sink) {
  const auto positions = sink.positions();
  return positions && !positions->empty() ? positions->begin()->second : 0;
}

/// The child: writes from where the file says it is, and tells each batch on standard output's
/// place, descriptor 3.
TEST(Child, Writes) {
  const char* path = std::getenv("HOLDFAST_TEST_WAREHOUSE");
  if (path == nullptr) GTEST_SKIP() << "only as a child of the tests below";
  fault::arm_from_environment();
  auto sink = DuckdbSink::open(settings_of(path), conformance::schema());
  ASSERT_TRUE(sink) << sink.error().message;
  for (int64_t at = position(**sink); at < offsets; at = std::min(at + per_batch, offsets)) {
    ASSERT_TRUE((*sink)->write(prepared::batch_from(at)).complete());
    ASSERT_EQ(::write(3, "x", 1), 1);
  }
}

/// Runs the child until it ends or, if `batches` >= 0, has told of so many: then it is killed. True
/// when it was killed.
bool run_child(const std::string& path, const std::string& fault, int batches = -1) {
  int told[2];
  EXPECT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(told[1], 3);
    ::setenv("HOLDFAST_TEST_WAREHOUSE", path.c_str(), 1);
    if (fault.empty())
      ::unsetenv("HOLDFAST_FAULT");
    else
      ::setenv("HOLDFAST_FAULT", fault.c_str(), 1);
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDOUT_FILENO);
    ::execl("/proc/self/exe", "child", "--gtest_filter=Child.Writes", nullptr);
    ::_exit(127);
  }
  ::close(told[1]);
  char byte = 0;
  for (int seen = 0; seen != batches && ::read(told[0], &byte, 1) == 1; ++seen) {
  }
  if (batches >= 0) ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(told[0]);
  if (!WIFSIGNALED(status)) {
    EXPECT_EQ(WEXITSTATUS(status), 0) << fault;
  }
  return WIFSIGNALED(status);
}

/// Everything below the position is there once, with its contents, and nothing else.
void expect_exact(const std::string& path) {
  auto sink = DuckdbSink::open(settings_of(path), conformance::schema());
  ASSERT_TRUE(sink) << sink.error().message;
  EXPECT_TRUE((*sink)->health().message.empty());
  const int64_t upto = position(**sink);
  const prepared::Expected expected = prepared::expected_at(upto);
  auto connection = std::move(*duckdb::Database::open({.path = path})->connect());
  auto cursor = connection.query(
      "SELECT format('{}/{}/{} {} {}', ce_source, ce_epoch, ce_sequence, n, word) FROM flights");
  std::multiset<std::string> found;
  while (const auto chunk = *cursor->next())
    for (size_t row = 0; row < chunk->rows(); ++row)
      found.emplace(chunk->column(0).as<duckdb::Text>()[row].view());
  ASSERT_EQ(found.size(), expected.rows.size()) << "at position " << upto;
  EXPECT_EQ(found, expected.rows);
  conformance::Found filtered;
  ASSERT_TRUE((*(*sink)->reader())->read_filtered({}, conformance::collect(filtered)));
  EXPECT_EQ(filtered.size(), expected.filtered);
}

TEST(DuckdbSinkKilled, AtEachFaultPointRowsAndPositionsAgree) {
  for (const std::string point : {"sink.after_rows", "sink.before_commit", "sink.after_commit"}) {
    testing::TemporaryFolder folder;
    const std::string path = folder.path() + "/warehouse.duckdb";
    for (const char* pass : {":1", ":2", ":9"}) {
      ASSERT_TRUE(run_child(path, point + pass)) << point << pass;
      expect_exact(path);
    }
    ASSERT_FALSE(run_child(path, ""));
    expect_exact(path);
  }
}

TEST(DuckdbSinkKilled, AnywhereRowsAndPositionsAgree) {
  testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/warehouse.duckdb";
  std::mt19937 random(20261121);
  for (int round = 0; round < 12; ++round) {
    if (!run_child(path, "", static_cast<int>(random() % 6))) break;
    expect_exact(path);
  }
  run_child(path, "");
  expect_exact(path);
}

}  // namespace
}  // namespace holdfast::sink
