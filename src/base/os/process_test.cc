#include "base/os/process.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "testing/temporary_folder.h"

namespace holdfast::os {
namespace {

std::unique_ptr<Process> shell(const std::string& script, ProcessSettings settings = {}) {
  settings.program = "/bin/sh";
  settings.arguments = {"-c", script};
  auto process = Process::start(settings);
  EXPECT_TRUE(process.has_value());
  return std::move(*process);
}

TEST(Process, GivesItsLinesAndItsExitCode) {
  auto process = shell("echo one; echo two; exit 7");
  EXPECT_EQ(process->read_line(10'000), "one");
  EXPECT_EQ(process->read_line(10'000), "two");
  EXPECT_EQ(process->read_line(10'000), std::nullopt);
  EXPECT_EQ(process->wait(10'000), 7);
}

TEST(Process, TakesItsEnvironmentAndItsErrorFile) {
  testing::TemporaryFolder folder;
  ProcessSettings settings;
  settings.environment = {{"HOLDFAST_TEST_WORD", "given"}, {"HOME", "elsewhere"}};
  settings.error_file = folder.path() + "/errors";
  auto process = shell("echo $HOLDFAST_TEST_WORD $HOME; echo trouble >&2", settings);
  EXPECT_EQ(process->read_line(10'000), "given elsewhere");
  EXPECT_EQ(process->wait(10'000), 0);
  std::stringstream errors;
  errors << std::ifstream(settings.error_file).rdbuf();
  EXPECT_EQ(errors.str(), "trouble\n");
}

TEST(Process, EndsByTheSignalThatItIsSent) {
  auto process = shell("echo ready; exec sleep 600");
  EXPECT_EQ(process->read_line(10'000), "ready");
  EXPECT_EQ(process->ended(), std::nullopt);
  process->signal(SIGKILL);
  EXPECT_EQ(process->wait(10'000), -SIGKILL);
}

TEST(Process, DoesNotInheritBlockedSignals) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto process = shell("echo ready; exec sleep 600");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(process->read_line(10'000), "ready");
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(10'000), -SIGTERM);
}

TEST(Process, IsKilledWhenItsOwnerLetsGo) {
  auto process = shell("echo $$; exec sleep 600");
  const auto id = process->read_line(10'000);
  ASSERT_TRUE(id.has_value());
  process.reset();
  EXPECT_EQ(kill(std::stoi(*id), 0), -1);
}

TEST(Process, LastLineSkipsThoseBefore) {
  auto process = shell("echo one; echo two; printf three; exec sleep 600");
  while (true) {
    const auto line = process->last_line();
    if (line == "two") break;
    ASSERT_TRUE(!line || line == "one");
  }
  EXPECT_EQ(process->last_line(), std::nullopt);
}

TEST(Process, FailsToBeAProgramThatIsNotThere) {
  auto process = Process::start(
      {.program = "/nowhere/at/all", .arguments = {}, .environment = {}, .error_file = {}});
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ((*process)->wait(10'000), 127);
}

}  // namespace
}  // namespace holdfast::os
