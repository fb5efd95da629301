#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "log/log.h"
#include "testing/temporary_folder.h"

namespace holdfast::log {
namespace {

LogSettings settings(const std::string& folder) {
  return {.folder = folder + "/log", .segment_bytes = 1 << 20, .pending_bytes_max = 1 << 20};
}

std::string body_of(uint64_t number) {
  std::string body = std::to_string(number) + ":";
  body.resize(20 + number * 37 % 5000, static_cast<char>('a' + number % 26));
  return body;
}

uint64_t number_of(std::string_view body) {
  return std::strtoull(std::string(body.substr(0, 20)).c_str(), nullptr, 10);
}

/// Appends, checkpoints and trims until a fault point kills this process. Acknowledged positions go
/// to the pipe.
[[noreturn]] void work_until_killed(const std::string& folder, const std::string& fault,
                                    uint64_t next, int pipe) {
  const int quiet = ::open("/dev/null", O_WRONLY);
  ::dup2(quiet, STDERR_FILENO);
  ::setenv("HOLDFAST_FAULT", fault.c_str(), 1);
  fault::arm_from_environment();
  auto opened = Log::open(os::real_files(), settings(folder));
  if (!opened) std::_Exit(10);
  Log& log = **opened;
  const auto started = log.start({.durable =
                                      [pipe](Position upto) {
                                        if (::write(pipe, &upto.value, sizeof upto.value) < 0)
                                          std::_Exit(11);
                                      },
                                  .stalled = {},
                                  .failed = {},
                                  .segment_sealed = {}});
  if (!started) std::_Exit(12);
  const uint64_t bytes_most =
      200
      << 20;  // a fault point that is never reached ends the process well, which the test refuses
  while (log.end().value < bytes_most) {
    const std::string body = body_of(next);
    const ByteView part = as_bytes(body);
    const FrameKey key{.kind = FrameKind::batch,
                       .partition = {static_cast<uint32_t>(next % 3)},
                       .first_offset = static_cast<int64_t>(next),
                       .last_offset = static_cast<int64_t>(next),
                       .max_timestamp_ms = 0};
    if (log.append(key, std::span(&part, 1))) ++next;
    if (next % 500 == 0) {
      log.write_checkpoint(log.durable(), {});
      if (log.wait_for_checkpoint()) log.trim({log.durable().value / 2});
    }
  }
  std::_Exit(0);
}

/// Runs the child until it dies; the greatest acknowledged position.
Position run_child(const std::string& folder, const std::string& fault, uint64_t next) {
  int pipe[2];
  EXPECT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    work_until_killed(folder, fault, next, pipe[1]);
  }
  ::close(pipe[1]);
  Position acknowledged;
  while (::read(pipe[0], &acknowledged.value, sizeof acknowledged.value) ==
         sizeof acknowledged.value) {
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
      << "the fault did not fire: status " << status;
  return acknowledged;
}

class KilledAt : public ::testing::TestWithParam<const char*> {};

TEST_P(KilledAt, LosesNothingAcknowledged) {
  testing::TemporaryFolder folder;
  uint64_t next = 0;
  for (const char* pass : {":1", ":2", ":5"}) {
    const Position acknowledged = run_child(folder.path(), GetParam() + std::string(pass), next);
    SCOPED_TRACE(std::string(GetParam()) + pass);
    const auto report = verify(os::real_files(), settings(folder.path()).folder);
    ASSERT_TRUE(report) << report.error().message;
    for (const Damage& damage : report->damage) ADD_FAILURE() << damage.file << ": " << damage.what;
    auto opened = Log::open(os::real_files(), settings(folder.path()));
    ASSERT_TRUE(opened) << opened.error().message;
    Log& log = **opened;
    EXPECT_GE(log.end(), acknowledged);
    bool first = true;
    ASSERT_TRUE(log.replay({}, [&](const Frame& frame) -> Status {
      const uint64_t number = number_of(as_text(frame.body));
      EXPECT_TRUE(std::exchange(first, false) || number == next)
          << number << " follows " << next - 1;
      EXPECT_EQ(as_text(frame.body), body_of(number));
      next = number + 1;
      return {};
    }));
    if (::testing::Test::HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(EveryFaultPoint, KilledAt,
                         ::testing::Values("log.before_write", "log.after_write", "log.before_sync",
                                           "log.after_sync", "log.segment_created",
                                           "log.segment_named", "log.segment_sealed",
                                           "log.index_written", "log.checkpoint_written",
                                           "log.trim_index_removed", "log.trim_renamed",
                                           "log.spare_ready"),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::ranges::replace(name, '.', '_');
                           return name;
                         });

}  // namespace
}  // namespace holdfast::log
