// kill -9 at every fault point between a file and the spool, with no broker there.
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>

#include "children.h"

namespace holdfast::pipeline {
namespace {

constexpr int lines = 500;

bool is_broken(int line) {
  return line % 37 == 5;
}

std::string line_text(int line) {
  return is_broken(line) ? "{broken " + std::to_string(line)
                         : "{\"line\":" + std::to_string(line) + "}";
}

void write_file(const std::string& path) {
  std::ofstream file(path);
  for (int line = 1; line <= lines; ++line) file << line_text(line) << (line < lines ? "\n" : "");
}

void expect_everything_once(const SpoolContents& contents) {
  std::vector<std::string> events, rejected;
  int64_t version = 0;
  for (size_t i = 0; i < contents.events.size(); ++i) {
    EXPECT_EQ(contents.events[i].sequence, static_cast<int64_t>(i));
    EXPECT_GT(contents.events[i].version, version);
    version = contents.events[i].version;
    events.push_back(contents.events[i].value);
  }
  for (size_t i = 0; i < contents.rejected.size(); ++i) {
    EXPECT_EQ(contents.rejected[i].sequence, static_cast<int64_t>(i));
    rejected.push_back(contents.rejected[i].value);
  }
  std::vector<std::string> expected_events, expected_rejected;
  for (int line = 1; line <= lines; ++line) {
    if (is_broken(line)) {
      expected_rejected.push_back(std::to_string(line) + " " + line_text(line));
    } else {
      expected_events.push_back(line_text(line));
    }
  }
  EXPECT_EQ(events, expected_events);
  EXPECT_EQ(rejected, expected_rejected);
}

bool is_beginning_of(const std::vector<Stamped>& before, const std::vector<Stamped>& after) {
  return before.size() <= after.size() && std::equal(before.begin(), before.end(), after.begin());
}

struct Point {
  const char* name;
  int kills_least;  // an acknowledgement comes late, so there are few
};
class SpoolKill : public ::testing::TestWithParam<Point> {};

TEST_P(SpoolKill, EveryLineIsSpooledOnceAndKeepsItsStampHoweverOftenTheProcessDies) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/lines.jsonl";
  const std::string spool = folder.path() + "/spool";
  write_file(file);
  SpoolContents before;
  int kills = 0;
  for (const int pass : {1, 2, 3, 7, 20, 30}) {
    Child child;
    child.start({"--capture", spool, "none", "t", file},
                std::string(GetParam().name) + ":" + std::to_string(pass));
    const int status = child.wait();
    if (status == 0) break;  // all was captured before that pass
    ASSERT_EQ(status, -SIGKILL);
    ++kills;
    if (!std::ifstream(spool + "/log.meta")) continue;
    const SpoolContents now = spool_contents(spool);
    EXPECT_TRUE(is_beginning_of(before.events, now.events));
    EXPECT_TRUE(is_beginning_of(before.rejected, now.rejected));
    before = now;
  }
  EXPECT_GE(kills, GetParam().kills_least) << "the fault must have fired";
  Child last;
  last.start({"--capture", spool, "none", "t", file});
  ASSERT_EQ(last.wait(), 0);
  const SpoolContents after = spool_contents(spool);
  EXPECT_TRUE(is_beginning_of(before.events, after.events));
  EXPECT_TRUE(is_beginning_of(before.rejected, after.rejected));
  expect_everything_once(after);
}

INSTANTIATE_TEST_SUITE_P(Points, SpoolKill,
                         ::testing::Values(Point{"spool.before_append", 4},
                                           Point{"spool.after_append", 4},
                                           Point{"capture.before_acknowledge", 1}),
                         [](const auto& point) { return std::to_string(point.index); });

}  // namespace
}  // namespace holdfast::pipeline
