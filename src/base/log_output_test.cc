#include "base/log_output.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#include "testing/temporary_folder.h"

namespace holdfast {
namespace {

class LogFile : public ::testing::Test {
 protected:
  void set(LogOutput output) {
    output.file = path("run.log");
    ASSERT_TRUE(set_log_output(output));
  }
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string content(const std::string& name = "run.log") const {
    std::stringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }
  testing::TemporaryFolder folder_;
};

TEST_F(LogFile, APatternOfTheUsersOwn) {
  set({.pattern = "<%l> %v"});
  log_warning("repair", "{} left", 3);
  EXPECT_EQ(content(), "<warning> repair: 3 left\n");
}

TEST_F(LogFile, JsonLinesAreEscaped) {
  set({.level = LogLevel::warning, .json = true});
  log_info("repair", "not to be seen");
  log_error("a\"b", "tab\there\nand a line");
  const std::string line = content();
  EXPECT_TRUE(line.starts_with(R"({"time":"20)")) << line;
  EXPECT_TRUE(line.ends_with(
      "\"level\":\"error\",\"component\":\"a\\\"b\",\"message\":\"tab\\there\\nand a line\"}\n"))
      << line;
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST_F(LogFile, ItRotatesAndKeepsSoMany) {
  set({.bytes_max = 1'000, .files_max = 2});
  for (int i = 0; i < 100; ++i) log_info("repair", "line {} of those that fill the file", i);
  EXPECT_TRUE(content().find("line 99 ") != std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(path("run.1.log")));
  EXPECT_TRUE(std::filesystem::exists(path("run.2.log")));
  EXPECT_FALSE(std::filesystem::exists(path("run.3.log")));
  EXPECT_LE(content().size(), 1'000u);
}

TEST_F(LogFile, AFileThatCannotBeOpenedIsAnError) {
  EXPECT_EQ(set_log_output({.file = "/proc/no/such.log"}).error().code, ErrorCode::io);
}

}  // namespace
}  // namespace holdfast
