#include "tests/cli/job.h"

#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace holdfast::testing {
namespace {

using nlohmann::json;

/// The one row of the audit's report for the source `numbers`.
json audited(Program& program, const std::string& config, int expected_code = 0) {
  const Ran ran = program.run(
      {"audit", "report", config, "--json", "--evidence", program.path("evidence.jsonl")});
  EXPECT_EQ(ran.code, expected_code) << ran.errors;
  const json report = json::parse(ran.output, nullptr, false);
  EXPECT_TRUE(report.is_object()) << ran.output << ran.errors;
  for (const json& store : report["stores"]) {
    for (const json& row : store["sources"]) {
      if (row["source"] == "numbers") return row;
    }
  }
  ADD_FAILURE() << "no row for the source: " << ran.output;
  return {};
}

TEST(Job, RunsOnceToTheEndAndTheAuditIsClean) {
  Program program(HOLDFAST_PROGRAM);
  const std::string config = write_job(program, numbers_csv(5'000));
  const Ran ran = program.run({"run", config, "--once"});
  ASSERT_EQ(ran.code, 0) << ran.errors;
  const json row = audited(program, config);
  EXPECT_EQ(row["captured"], 5'000);
  EXPECT_EQ(row["delivered"], 5'000);
  for (const char* wrong : {"lost", "doubled", "unknown", "in_flight", "doubled_in_topics"})
    EXPECT_EQ(row[wrong], 0) << wrong;

  // Again: nothing is new, nothing comes twice.
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0);
  EXPECT_EQ(audited(program, config)["delivered"], 5'000);
}

TEST(Job, MalformedLinesAreInTheFailureQueueAndTheRestGoesOn) {
  Program program(HOLDFAST_PROGRAM);
  const std::string config = write_job(
      program, "n,word\n1,one\n2,two,too many\n3,\"open\" quote\nfour,not a number\n5,five\n");
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0) << program.errors();
  const json row = audited(program, config);
  EXPECT_EQ(row["captured"], 3);  // 1, "four", 5
  EXPECT_EQ(row["delivered"], 2);
  EXPECT_EQ(row["refused"], 1);
  EXPECT_EQ(row["lost"], 0);

  const Ran list = program.run({"failures", "list", config, "--json"});
  ASSERT_EQ(list.code, 0) << list.errors;
  const json failures = json::parse(list.output);
  EXPECT_EQ(failures["total"], 3);
  std::multiset<std::string> causes;
  std::set<int> lines;
  for (const json& failure : failures["failures"]) {
    EXPECT_EQ(failure["record"]["kind"], "rejected");
    causes.insert(failure["record"]["cause_code"].get<std::string>());
    if (failure["record"]["stage"] == "capture")
      lines.insert(failure["record"]["origin"]["line"].get<int>());
    const Ran show =
        program.run({"failures", "show", config, failure["id"].get<std::string>(), "--json"});
    EXPECT_EQ(show.code, 0) << show.errors;
    EXPECT_EQ(json::parse(show.output), failure["record"]);
  }
  EXPECT_EQ(lines, (std::set<int>{3, 4}));
  EXPECT_TRUE(causes.contains("wrong_columns")) << list.output;
  EXPECT_TRUE(causes.contains("bad_quoting")) << list.output;
  EXPECT_EQ(program.run({"failures", "show", config, "holdfast.failures/0/999"}).code, 1);
  EXPECT_EQ(program.run({"failures", "show", config, "nonsense"}).code, 1);
}

TEST(Job, RunsUntilItIsStoppedAndReportsProgress) {
  Program program(HOLDFAST_PROGRAM);
  const std::string config = write_job(program, numbers_csv(1'000));
  auto process = program.start({"run", config, "--progress-json"});
  int64_t delivered = 0;
  bool done = false;
  while (!done) {
    const auto line = process->read_line(30'000);
    ASSERT_TRUE(line.has_value()) << program.errors();
    const json progress = json::parse(*line);
    if (!progress["pipelines"].empty())
      delivered = progress["pipelines"][0]["delivered"].get<int64_t>();
    done = progress["done"].get<bool>() && delivered == 1'000;
  }
  EXPECT_EQ(process->ended(), std::nullopt);
  process->signal(SIGINT);
  while (process->read_line(30'000)) continue;
  EXPECT_EQ(process->wait(30'000), 0) << program.errors();
  EXPECT_EQ(audited(program, config)["delivered"], 1'000);
}

TEST(Job, SourcesAndPipelinesMayRunApart) {
  Program program(HOLDFAST_PROGRAM);
  const std::string config = write_job(program, numbers_csv(1'000));
  ASSERT_EQ(program.run({"run", config, "--once", "--only", "sources"}).code, 0)
      << program.errors();
  json row = audited(program, config);
  EXPECT_EQ(row["captured"], 1'000);
  EXPECT_EQ(row["delivered"], 0);
  EXPECT_EQ(row["in_flight"], 1'000);
  EXPECT_EQ(row["lost"], 0);
  ASSERT_EQ(program.run({"run", config, "--once", "--only", "pipelines"}).code, 0)
      << program.errors();
  row = audited(program, config);
  EXPECT_EQ(row["delivered"], 1'000);
  EXPECT_EQ(row["in_flight"], 0);
}

TEST(Job, WhatCannotWorkFailsWithItsReason) {
  Program program(HOLDFAST_PROGRAM);
  const std::string config = write_job(program, numbers_csv(10));
  std::string text = content_of(config);
  text.replace(text.find("SELECT n"), 8, "SELECT no_such_column, n");
  write_file(program.path("wrong.yaml"), text);
  const Ran ran = program.run({"run", program.path("wrong.yaml"), "--once"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(ran.errors.find("no_such_column"), std::string::npos) << ran.errors;
}

TEST(Job, AFileThatIsNotThereEndsOnceWithAnErrorAndIsWaitedForOtherwise) {
  Program program(HOLDFAST_PROGRAM);
  const std::string config = write_job(program, numbers_csv(10));
  const std::string csv = program.path("numbers.csv");
  std::filesystem::rename(csv, program.path("other.csv"));
  const Ran check = program.run({"check", config, "--json"});
  EXPECT_EQ(check.code, 0);
  const json faults = json::parse(check.output)[0]["faults"];
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0]["kind"], "warning");
  EXPECT_EQ(faults[0]["path"], "sources[0].file.path");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"run", config, "--once"}, {"run", config, "--only", "sources"}}) {
    const Ran ran = program.run(arguments);
    EXPECT_EQ(ran.code, 1) << ran.errors;
    EXPECT_NE(ran.errors.find(csv), std::string::npos) << ran.errors;
  }

  std::string text = content_of(config);
  text.replace(text.find("mode: once"), 10, "mode: follow");
  write_file(config, text);
  auto process = program.start({"run", config, "--progress-json"});
  const auto source_is = [&](const char* state, int64_t captured) {
    while (const auto line = process->read_line(30'000)) {
      const json sources = json::parse(*line)["sources"];
      if (!sources.empty() && sources[0]["state"] == state && sources[0]["captured"] == captured)
        return true;
    }
    return false;
  };
  EXPECT_TRUE(source_is("waiting", 0)) << program.errors();
  std::filesystem::rename(program.path("other.csv"), csv);
  EXPECT_TRUE(source_is("running", 10)) << program.errors();
  process->signal(SIGINT);
  while (process->read_line(30'000)) continue;
  EXPECT_EQ(process->wait(30'000), 0) << program.errors();
}

TEST(Evidence, VerifyAcceptsTheFileAndRejectsEveryOther) {
  Program program(HOLDFAST_PROGRAM);
  const std::string config = write_job(program, numbers_csv(100));
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0) << program.errors();
  audited(program, config);
  const std::string file = program.path("evidence.jsonl");
  const Ran good = program.run({"audit", "verify", file, "--json"});
  EXPECT_EQ(good.code, 0) << good.output;
  const std::string digest = json::parse(good.output)["digest"].get<std::string>();
  EXPECT_EQ(program.run({"audit", "verify", file, "--digest", digest}).code, 0);
  EXPECT_EQ(program.run({"audit", "verify", file, "--digest", std::string(64, '0')}).code, 2);
  EXPECT_EQ(program.run({"inspect", "evidence", file}).code, 0);

  const std::string text = content_of(file);
  for (size_t at = 0; at < text.size(); at += 97) {
    std::string changed = text;
    changed[at] ^= 1;
    write_file(file, changed);
    const Ran ran = program.run({"audit", "verify", file, "--json"});
    ASSERT_EQ(ran.code, 2) << "byte " << at;
    EXPECT_EQ(json::parse(ran.output)["accepted"], false);
  }
  write_file(file, text.substr(0, text.size() - 1));
  EXPECT_EQ(program.run({"audit", "verify", file}).code, 2);
  EXPECT_EQ(program.run({"audit", "verify", program.path("none")}).code, 1);
}

TEST(Inspect, LooksIntoEveryFormat) {
  Program program(HOLDFAST_PROGRAM);
  const std::string config = write_job(program, numbers_csv(500));
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0) << program.errors();
  const Ran log = program.run({"inspect", "log", program.path("broker"), "--json"});
  EXPECT_EQ(log.code, 0) << log.errors;
  EXPECT_GT(json::parse(log.output)["batches"], 0);
  const Ran spool = program.run({"inspect", "spool", program.path("spool"), "--json"});
  EXPECT_EQ(spool.code, 0) << spool.errors;
  EXPECT_EQ(json::parse(spool.output)["sources"][0]["captured"], 500);
  const Ran checkpoint =
      program.run({"inspect", "checkpoint", program.path("spool/checkpoint"), "--json"});
  EXPECT_EQ(checkpoint.code, 0) << checkpoint.errors;
  for (const char* what : {"log", "spool", "checkpoint", "evidence"}) {
    EXPECT_EQ(program.run({"inspect", what, program.path("none")}).code, 1) << what;
  }
}

}  // namespace
}  // namespace holdfast::testing
