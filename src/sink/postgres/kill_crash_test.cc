#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <signal.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "base/fault.h"
#include "sink/api/prepared_for_tests.h"
#include "sink/postgres/server_for_tests.h"

/// kill -9 of a process that writes prepared batches into PostgreSQL, at every fault point and
/// anywhere; and of the server under a process that writes.
namespace holdfast::sink {
namespace {

using prepared::offsets;
using prepared::per_batch;

PostgresSettings settings_of(const std::string& database, uint16_t port) {
  return {.connection = {.host = "127.0.0.1",
                         .port = port,
                         .database = database,
                         .user = "holdfast",
                         .timeout_ms = 5'000},
          .table = "flights",
          .key = {},
          .pipeline = "p"};
}

int64_t position(const Positions& positions) {
  return positions.empty() ? 0 : positions.begin()->second;
}

/// The child: writes from where the database says it is, through everything that happens to the
/// server, and tells each batch on descriptor 3.
TEST(Child, Writes) {
  const char* database = std::getenv("HOLDFAST_TEST_DATABASE");
  if (database == nullptr) GTEST_SKIP() << "only as a child of the tests below";
  fault::arm_from_environment();
  const auto port = static_cast<uint16_t>(std::atoi(std::getenv("HOLDFAST_TEST_PORT")));
  std::unique_ptr<PostgresSink> sink;
  int64_t at = 0;
  const auto resume = [&] {
    while (true) {
      if (!sink) {
        auto opened = PostgresSink::open(settings_of(database, port), conformance::schema());
        if (opened) sink = std::move(*opened);
      }
      if (sink)
        if (const auto positions = sink->positions()) return position(*positions);
    }
  };
  for (at = resume(); at < offsets;) {
    if (!sink->write(prepared::batch_from(at)).complete()) {
      at = resume();
      continue;
    }
    at = std::min(at + per_batch, offsets);
    ASSERT_EQ(::write(3, "x", 1), 1);
  }
}

class Writer {
 public:
  Writer(const std::string& database, const std::string& fault) {
    EXPECT_EQ(::pipe2(told_, O_CLOEXEC), 0);
    const uint16_t port = postgres::server().port();
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(told_[1], 3);
      ::setenv("HOLDFAST_TEST_DATABASE", database.c_str(), 1);
      ::setenv("HOLDFAST_TEST_PORT", std::to_string(port).c_str(), 1);
      if (fault.empty())
        ::unsetenv("HOLDFAST_FAULT");
      else
        ::setenv("HOLDFAST_FAULT", fault.c_str(), 1);
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(nowhere, STDOUT_FILENO);
      ::dup2(nowhere, STDERR_FILENO);
      ::execl("/proc/self/exe", "child", "--gtest_filter=Child.Writes", nullptr);
      ::_exit(127);
    }
    ::close(told_[1]);
  }
  ~Writer() { ::close(told_[0]); }
  /// Until it has told of so many batches, or ended.
  void wait_for(int batches) {
    char byte = 0;
    for (int seen = 0; seen != batches && ::read(told_[0], &byte, 1) == 1; ++seen) {
    }
  }
  /// To its end; true when a kill ended it.
  bool end(bool kill) {
    if (kill) ::kill(child_, SIGKILL);
    wait_for(-1);
    int status = 0;
    ::waitpid(child_, &status, 0);
    if (!WIFSIGNALED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), 0);
    }
    return WIFSIGNALED(status);
  }

 private:
  int told_[2];
  pid_t child_;
};

/// Everything below the position is there once, with its contents, and nothing else.
void expect_exact(const std::string& database) {
  auto sink =
      PostgresSink::open(settings_of(database, postgres::server().port()), conformance::schema());
  ASSERT_TRUE(sink) << sink.error().message;
  const int64_t upto = position(*(*sink)->positions());
  const prepared::Expected expected = prepared::expected_at(upto);
  EXPECT_EQ(postgres::contents_of(database), expected.rows) << "at position " << upto;
  conformance::Found filtered;
  ASSERT_TRUE((*(*sink)->reader())->read_filtered({}, conformance::collect(filtered)));
  EXPECT_EQ(filtered.size(), expected.filtered);
}

TEST(PostgresSinkKilled, AtEachFaultPointRowsAndPositionsAgree) {
  for (const std::string point : {"sink.after_rows", "sink.before_commit", "sink.after_commit"}) {
    const std::string database = postgres::new_database();
    for (const char* pass : {":1", ":2", ":9"}) {
      ASSERT_TRUE(Writer(database, point + pass).end(false)) << point << pass;
      expect_exact(database);
    }
    ASSERT_FALSE(Writer(database, "").end(false));
    expect_exact(database);
  }
}

TEST(PostgresSinkKilled, AnywhereRowsAndPositionsAgree) {
  const std::string database = postgres::new_database();
  std::mt19937 random(20261121);
  for (int round = 0; round < 12; ++round) {
    Writer writer(database, "");
    writer.wait_for(static_cast<int>(random() % 6));
    if (!writer.end(true)) break;
    expect_exact(database);
  }
  Writer(database, "").end(false);
  expect_exact(database);
}

TEST(PostgresServerKilled, UnderAWriterThatResolvesWhatIsUnknownByReadingPositionsBack) {
  const std::string database = postgres::new_database();
  std::mt19937 random(7);
  Writer writer(database, "");
  for (int round = 0; round < 5; ++round) {
    writer.wait_for(1 + static_cast<int>(random() % 4));
    postgres::server().kill_hard();
    postgres::server().start();
  }
  EXPECT_FALSE(writer.end(false));
  expect_exact(database);
  EXPECT_EQ(postgres::contents_of(database).size(), 52'921u);
}

}  // namespace
}  // namespace holdfast::sink
