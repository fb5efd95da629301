#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "testing/program.h"

namespace holdfast::testing {
namespace {

const std::vector<std::string> verbs{"run",     "check",    "broker", "audit",
                                     "inspect", "failures", "demo",   "version"};

Program holdfast() {
  return Program(HOLDFAST_PROGRAM);
}

TEST(CommandLine, WithoutArgumentsShowsAShortTour) {
  const Ran ran = holdfast().run({});
  EXPECT_EQ(ran.code, 0);
  EXPECT_LE(std::count(ran.output.begin(), ran.output.end(), '\n'), 12);
  EXPECT_NE(ran.output.find("holdfast run"), std::string::npos);
}

TEST(CommandLine, HelpNamesEveryVerbAndEveryExitCode) {
  const Ran ran = holdfast().run({"--help"});
  EXPECT_EQ(ran.code, 0);
  for (const std::string& verb : verbs)
    EXPECT_NE(ran.output.find("  " + verb + " "), std::string::npos) << verb;
  for (const char* code : {"0 ", "1 ", "2 ", "64 ", "78 "})
    EXPECT_NE(ran.output.find(code), std::string::npos) << code;
}

TEST(CommandLine, EveryVerbHasHelp) {
  for (const std::string& verb : verbs) EXPECT_EQ(holdfast().run({verb, "--help"}).code, 0) << verb;
}

TEST(CommandLine, ASlipIsAnUsageErrorWithTheNearestName) {
  for (const auto& [arguments, right] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"brokr"}, "\"broker\""},
           {{"broker", "--dta", "x"}, "\"--data\""},
           {{"audit", "verfy", "x"}, "\"verify\""},
           {{"run", "x.yaml", "--onec"}, "\"--once\""}}) {
    const Ran ran = holdfast().run(arguments);
    EXPECT_EQ(ran.code, 64) << arguments[0];
    EXPECT_EQ(ran.output, "");
    EXPECT_NE(ran.errors.find(right), std::string::npos) << ran.errors;
  }
}

TEST(CommandLine, MissingAndWrongArgumentsAreUsageErrors) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"run"},
                                                    {"check"},
                                                    {"audit"},
                                                    {"audit", "verify"},
                                                    {"inspect", "soup", "x"},
                                                    {"run", "a", "--only", "b"},
                                                    {"run", "a.yaml", "b.yaml"},
                                                    {"demo"},
                                                    {"failures", "show", "a.yaml"}}) {
    EXPECT_EQ(holdfast().run(arguments).code, 64) << arguments[0];
  }
}

TEST(Version, IsCleanOfPlantedBugs) {
  const Ran ran = holdfast().run({"version", "--json"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(nlohmann::json::parse(ran.output)["planted_bug"], false);
}

TEST(Check, ReportsEveryFaultWithLineAndColumn) {
  Program program(HOLDFAST_PROGRAM);
  const std::string file = program.path("bad.yaml");
  write_file(file, "sources:\n  - {name: a, topic: t, fil: {path: x}}\nlog: {level: loud}\n");
  const Ran ran = program.run({"check", file});
  EXPECT_EQ(ran.code, 78);
  for (const char* place : {":2:5:", ":2:25:", ":3:14:"})
    EXPECT_NE(ran.output.find(file + place), std::string::npos) << ran.output;

  const Ran json = program.run({"check", "--json", file});
  EXPECT_EQ(json.code, 78);
  const auto parsed = nlohmann::json::parse(json.output);
  EXPECT_EQ(parsed[0]["usable"], false);
  EXPECT_EQ(parsed[0]["faults"].size(), 3u);
  EXPECT_EQ(parsed[0]["faults"][2]["line"], 3);
  EXPECT_EQ(parsed[0]["faults"][2]["path"], "log.level");
}

TEST(Check, ABadConfigurationStopsEveryVerbThatNeedsIt) {
  Program program(HOLDFAST_PROGRAM);
  const std::string file = program.path("bad.yaml");
  write_file(file, "sourcs: []\n");
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"run", file},
                                                    {"audit", "report", file},
                                                    {"failures", "list", file}}) {
    const Ran ran = program.run(arguments);
    EXPECT_EQ(ran.code, 78) << arguments[0];
    EXPECT_EQ(ran.output, "");
    EXPECT_NE(ran.errors.find(file + ":1:1:"), std::string::npos) << ran.errors;
  }
}

TEST(Check, AMissingFileIsAFailure) {
  EXPECT_EQ(holdfast().run({"check", "/nowhere/at/all.yaml"}).code, 1);
}

TEST(Check, TheExamplesAreGood) {
  const Ran ran = holdfast().run({"check", HOLDFAST_SOURCE "/examples/flights.yaml"});
  EXPECT_EQ(ran.code, 0) << ran.output;
}

TEST(Check, PrintsASchemaAndTheReferenceThatIsInTheGuide) {
  const Ran schema = holdfast().run({"check", "--schema"});
  EXPECT_EQ(schema.code, 0);
  EXPECT_EQ(nlohmann::json::parse(schema.output)["type"], "object");
  const Ran reference = holdfast().run({"check", "--reference"});
  EXPECT_EQ(reference.code, 0);
  EXPECT_EQ(reference.output, content_of(HOLDFAST_SOURCE "/docs/guide/config.md"))
      << "run: holdfast check --reference > docs/guide/config.md";
}

TEST(Check, ConnectTriesWhatIsNamedAndWritesNothing) {
  Program program(HOLDFAST_PROGRAM);
  const std::string file = program.path("job.yaml");
  const std::string& folder = program.folder();
  write_file(file,
             "kafka: {data: " + folder + "/broker}\nsources: [{name: a, topic: t, file: {path: " +
                 folder + "/none.csv}}]\n" +
                 "pipelines: [{name: p, from: [t], transform: {sql: SELEC}, to: [{duckdb: {path: " +
                 folder + "/w.duckdb, table: t}}]}]\n");
  EXPECT_EQ(program.run({"check", file}).code, 0);
  const Ran ran = program.run({"check", "--connect", file});
  EXPECT_EQ(ran.code, 1);
  for (const char* place : {":2:38:", ":3:46:"})
    EXPECT_NE(ran.output.find(file + place), std::string::npos) << ran.output;
  EXPECT_FALSE(std::filesystem::exists(folder + "/broker"));
  EXPECT_FALSE(std::filesystem::exists(folder + "/w.duckdb"));
}

}  // namespace
}  // namespace holdfast::testing
