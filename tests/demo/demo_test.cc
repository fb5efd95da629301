#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/os/clock.h"
#include "testing/program.h"

// The demo as a user runs it, on a small table of the same shape: real processes, real kills, the
// whole proof.

namespace holdfast::testing {
namespace {

using nlohmann::json;

/// flights.csv and airlines.csv in the package's form. Answers the folder.
std::string small_input(const Program& program, int64_t rows) {
  const std::string folder = program.path("input");
  std::filesystem::create_directories(folder);
  std::string flights =
      "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,"
      "flight,tailnum,origin,dest,"
      "air_time,distance,hour,minute,time_hour\n";
  const char* const airports[] = {"EWR", "JFK", "LGA"};
  for (int64_t i = 0; i < rows; ++i) {
    const std::string delay = i % 10 == 0 ? "NA" : std::to_string(i % 90);
    flights += "2013,1," + std::to_string(1 + i % 28) + ",517,515," + delay + ",830,819,11," +
               (i % 2 == 0 ? "UA" : "AA") + "," + std::to_string(i) + ",N1," + airports[i % 3] +
               ",IAH,227,1400,5,15,2013-01-01T10:00:00Z\n";
  }
  write_file(folder + "/flights.csv", flights);
  write_file(folder + "/airlines.csv",
             "carrier,name\nUA,United Air Lines Inc.\nAA,American Airlines Inc.\n");
  return folder;
}

/// Processes whose command line names this folder.
std::vector<std::string> processes_of(const std::string& folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string command = content_of(entry.path() / "cmdline");
    if (command.find("holdfast") != std::string::npos && command.find(folder) != std::string::npos)
      found.push_back(command);
  }
  return found;
}

bool all_gone(const std::string& folder) {
  const int64_t deadline = os::real_clock().steady_ms() + 20'000;
  while (!processes_of(folder).empty()) {
    if (os::real_clock().steady_ms() > deadline) return false;
  }
  return true;
}

TEST(Demo, CarriesEveryRowOnceWhateverIsKilledAndLeavesItsReport) {
  Program program(HOLDFAST_PROGRAM);
  const std::string input = small_input(program, 30'000);
  const std::string folder = program.path("demo");
  for (int round = 0; round < 2; ++round) {  // the second run starts clean
    const Ran ran = program.run({"demo", "--input", input, "--folder", folder}, {}, 120'000);
    ASSERT_EQ(ran.code, 0) << ran.output << ran.errors;
    const json report = json::parse(content_of(folder + "/report.json"));
    for (const char* source : {"ewr", "jfk", "lga"}) {
      const json& row = report["sources"][source];
      EXPECT_EQ(row["captured"], 10'000) << source;
      EXPECT_EQ(row["delivered"], 10'000) << source;
      for (const char* wrong : {"lost", "doubled", "unknown"})
        EXPECT_EQ(row[wrong], 0) << source << " " << wrong;
    }
    for (const char* process : {"broker", "source", "pipeline"})
      EXPECT_GE(report["kills"][process], 3) << process;
    EXPECT_EQ(report["warehouse_rows"], 30'000);
    EXPECT_EQ(program.run({"audit", "verify", folder + "/evidence.jsonl"}).code, 0);
    // What it suggests to try next works: the audit, with the broker inside the program.
    EXPECT_EQ(program.run({"audit", "report", folder + "/flights.yaml"}).code, 0)
        << program.errors();
  }
  EXPECT_TRUE(all_gone(folder));
}

TEST(Demo, CtrlCEndsEveryProcessThatItStarted) {
  Program program(HOLDFAST_PROGRAM);
  const std::string input = small_input(program, 300'000);
  const std::string folder = program.path("demo");
  for (int signal : {SIGINT, SIGKILL}) {
    auto process = program.start({"demo", "--input", input, "--folder", folder});
    while (processes_of(folder).size() < 4) {  // itself and its three
      ASSERT_EQ(process->ended(), std::nullopt) << program.errors();
    }
    process->signal(signal);
    while (process->read_line(30'000)) continue;
    EXPECT_NE(process->wait(30'000).value_or(0), 0);
    EXPECT_TRUE(all_gone(folder)) << "signal " << signal;
  }
}

TEST(Demo, TwoDatacentresHoldEveryOrderOnceAfterAnOutageAndKills) {
  Program program(HOLDFAST_PROGRAM);
  const std::string folder = program.path("a FOLDER of its own");  // as the template calls it
  const Ran ran = program.run(
      {"demo", "datacentres", "--orders", "6000", "--kills", "2", "--folder", folder}, {}, 120'000);
  ASSERT_EQ(ran.code, 0) << ran.output << ran.errors;
  const json report = json::parse(content_of(folder + "/report.json"));
  EXPECT_GE(report["missed"], 4'000);
  EXPECT_EQ(report["repaired"].get<int64_t>() + report["superseded"].get<int64_t>(),
            report["missed"]);
  EXPECT_EQ(program.run({"failures", "list", folder + "/datacentres.yaml", "--json"}).code, 0);
  EXPECT_TRUE(all_gone(folder));
}

TEST(Demo, LeavesAFolderAloneThatHoldsOtherThings) {
  Program program(HOLDFAST_PROGRAM);
  const std::string folder = program.path("mine");
  std::filesystem::create_directories(folder + "/log");
  write_file(folder + "/log/diary", "precious");
  const std::string input = small_input(program, 10);
  for (const auto& arguments :
       {std::vector<std::string>{"demo", "--input", input, "--folder", folder},
        std::vector<std::string>{"demo", "datacentres", "--orders", "300", "--folder", folder}}) {
    EXPECT_EQ(program.run(arguments).code, 1);
    EXPECT_EQ(content_of(folder + "/log/diary"), "precious");
    EXPECT_FALSE(std::filesystem::exists(folder + "/broker"));
  }
}

TEST(Demo, RefusesAFolderWhoseNameIsNoPlainTextInAConfiguration) {
  Program program(HOLDFAST_PROGRAM);
  const std::string folder = program.path("a, b: {c}");
  EXPECT_EQ(program.run({"demo", "datacentres", "--orders", "300", "--folder", folder}).code, 1);
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(Demo, RefusesInputOfAnotherShape) {
  Program program(HOLDFAST_PROGRAM);
  const std::string input = small_input(program, 10);
  write_file(input + "/flights.csv", "a,b\n1,2\n");
  EXPECT_EQ(program.run({"demo", "--input", input, "--folder", program.path("demo")}).code, 1);
  EXPECT_EQ(
      program.run({"demo", "--input", program.path("none"), "--folder", program.path("demo")}).code,
      1);
}

}  // namespace
}  // namespace holdfast::testing
