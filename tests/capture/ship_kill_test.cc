// kill -9 at every fault point between the spool and the topic.
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>

#include "children.h"

namespace holdfast::pipeline {
namespace {

constexpr int lines = 500;

std::string line_text(int line) {
  return line % 41 == 7 ? "broken " + std::to_string(line)
                        : "{\"line\":" + std::to_string(line) + "}";
}

struct Point {
  const char* name;
  int kills_least;  // much is acknowledged at once, so there are few notes of it
};
class ShipKill : public ::testing::TestWithParam<Point> {};

TEST_P(ShipKill, EveryLineIsInItsTopicOnceAndInOrderHoweverOftenTheProcessDies) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/lines.jsonl";
  const std::string spool = folder.path() + "/spool";
  std::vector<std::string> expected_events, expected_rejected;
  {
    std::ofstream to(file);
    for (int line = 1; line <= lines; ++line) {
      const std::string text = line_text(line);
      to << text << "\n";
      (text.starts_with('{') ? expected_events : expected_rejected).push_back(text);
    }
  }
  BrokerChild broker;
  broker.start();
  int kills = 0;
  for (const int pass : {1, 1, 2, 4, 10, 1, 3}) {
    Child child;
    child.start({"--capture", spool, broker.bootstrap(), "t", file},
                std::string(GetParam().name) + ":" + std::to_string(pass));
    const int status = child.wait();
    if (status == 0) break;
    ASSERT_EQ(status, -SIGKILL);
    ++kills;
  }
  EXPECT_GE(kills, GetParam().kills_least) << "the fault must have fired";
  Child last;
  last.start({"--capture", spool, broker.bootstrap(), "t", file});
  ASSERT_EQ(last.wait(), 0);

  const auto check = [&](const std::string& topic, const std::string& source,
                         const std::vector<std::string>& expected) {
    std::vector<std::string> values;
    for (const Stamped& found : topic_contents(broker.bootstrap(), topic, source)) {
      EXPECT_EQ(found.sequence, static_cast<int64_t>(values.size()));
      values.push_back(found.value);
    }
    EXPECT_EQ(values, expected);
  };
  check("t", "lines", expected_events);
  check("failures", "lines/rejected", expected_rejected);
}

INSTANTIATE_TEST_SUITE_P(
    Points, ShipKill,
    ::testing::Values(Point{"ship.before_send", 3}, Point{"ship.after_send", 3},
                      Point{"ship.after_fence", 2}, Point{"ship.before_commit", 2},
                      Point{"ship.after_commit", 2}, Point{"ship.after_mark", 1},
                      Point{"spool.after_append", 2}),
    [](const auto& point) { return std::to_string(point.index); });

}  // namespace
}  // namespace holdfast::pipeline
