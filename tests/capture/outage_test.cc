// Brokers that are away while the source goes on, and a spool that fills up meanwhile.
#include <fstream>
#include <gtest/gtest.h>

#include "children.h"

namespace holdfast::pipeline {
namespace {

std::string line_text(int line, size_t padding = 0) {
  return "{\"line\":" + std::to_string(line) + ",\"padding\":\"" + std::string(padding, 'x') +
         "\"}";
}

void expect_lines(const std::vector<Stamped>& found, int lines, size_t padding) {
  ASSERT_EQ(found.size(), static_cast<size_t>(lines));
  for (int i = 0; i < lines; ++i) {
    ASSERT_EQ(found[static_cast<size_t>(i)].sequence, i);
    ASSERT_EQ(found[static_cast<size_t>(i)].value, line_text(i, padding));
  }
}

TEST(Outage, TheSourceGoesOnWhileTheBrokerIsKilledAgainAndAgainAndEveryLineArrivesOnce) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/lines.jsonl";
  std::ofstream file(path);
  int line = 0;
  const auto write = [&](int count) {
    for (int i = 0; i < count; ++i) file << line_text(line++) << "\n";
    file.flush();
  };
  BrokerChild broker;
  broker.start();
  auto capture = Capture::start(os::real_files(), os::real_clock(),
                                capture_settings(folder.path() + "/spool", broker.bootstrap()),
                                one_source(path, "t", false));
  ASSERT_TRUE(capture) << capture.error().message;
  const auto source = [&] { return (*capture)->progress().sources[0]; };
  for (int round = 0; round < 3; ++round) {
    write(300);
    wait_until([&] { return source().shipped > line - 300; }, "some to be shipped");
    broker.kill_hard();
    write(300);
    wait_until([&] { return source().durable == line; },
               "the spool to take the events while no broker is there");
    EXPECT_LT(source().shipped, line);
    broker.start();
    wait_until([&] { return source().shipped == line; }, "everything to be shipped");
  }
  (*capture)->stop();
  expect_lines(topic_contents(broker.bootstrap(), "t", "lines"), line, 0);
}

TEST(Outage, AFullSpoolHoldsTheSourceBackAndDrainsWhenABrokerComes) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/lines.jsonl";
  constexpr int lines = 10'000;
  constexpr size_t padding = 2'000;
  {
    std::ofstream file(path);
    for (int line = 0; line < lines; ++line) file << line_text(line, padding) << "\n";
  }
  BrokerChild broker;
  broker.start();
  broker.kill_hard();
  auto capture = Capture::start(os::real_files(), os::real_clock(),
                                capture_settings(folder.path() + "/spool", broker.bootstrap()),
                                one_source(path, "t", true));
  ASSERT_TRUE(capture) << capture.error().message;
  wait_until([&] { return (*capture)->progress().spool.full; }, "the spool to be full");
  wait_until([&] { return (*capture)->progress().sources[0].state == CaptureState::waiting; },
             "the source to wait");
  const CaptureProgress full = (*capture)->progress();
  EXPECT_LT(full.sources[0].captured, lines);
  EXPECT_LE(full.spool.bytes_used, full.spool.bytes_max);
  broker.start();
  wait_until([&] { return (*capture)->progress().finished(); }, "everything to be shipped");
  (*capture)->stop();
  EXPECT_FALSE((*capture)->progress().spool.full);
  expect_lines(topic_contents(broker.bootstrap(), "t", "lines"), lines, padding);
}

}  // namespace
}  // namespace holdfast::pipeline

int main(int argc, char** argv) {
  if (const int status = holdfast::pipeline::run_as_child(argc, argv); status >= 0) return status;
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
