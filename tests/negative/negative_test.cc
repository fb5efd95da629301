#include <filesystem>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/job.h"

// The real program with one bug planted in it (src/base/planted_bug.h) carries a small table
// through the whole pipeline. The audit, of the program without a bug, must name exactly the events
// that the bug touched: it is the judge that is on trial here.

namespace holdfast::testing {
namespace {

using nlohmann::json;

struct Found {
  std::string kind, where;
  int64_t first = 0, last = 0;
  bool operator==(const Found&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Found& found) {
    return out << found.kind << " " << found.first << ".." << found.last << " in " << found.where;
  }
};

struct Audited {
  int code = 0;
  std::vector<Found> findings;
  json row;
};

/// Audits with the real program, the one without a bug.
Audited audit(const Program& job, const std::string& config) {
  Program judge(HOLDFAST_PROGRAM);
  const Ran ran = judge.run({"audit", "report", config, "--json"});
  const json report = json::parse(ran.output, nullptr, false);
  EXPECT_TRUE(report.is_object()) << ran.errors;
  if (!report.is_object()) return {};
  Audited result{.code = ran.code, .findings = {}, .row = report["stores"][0]["sources"][0]};
  for (const json& finding : report["findings"]) {
    std::string where = finding["where"].get<std::string>();
    if (const size_t at = where.find(job.folder()); at != std::string::npos)
      where.erase(at, job.folder().size() + 1);
    result.findings.push_back({finding["kind"], where, finding["first"], finding["last"]});
  }
  return result;
}

TEST(Negative, WithoutABugNothingIsFound) {
  Program program(HOLDFAST_PROGRAM);
  const std::string config = write_job(program, numbers_csv(2'000));
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0) << program.errors();
  const Audited audited = audit(program, config);
  EXPECT_EQ(audited.code, 0);
  EXPECT_EQ(audited.findings, std::vector<Found>{});
  EXPECT_EQ(audited.row["delivered"], 2'000);
}

TEST(Negative, AnEventThatTheStoreLosesIsNamed) {
  Program program(HOLDFAST_LOSE_EVENT);
  const std::string config = write_job(program, numbers_csv(500));
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0) << program.errors();
  const Audited audited = audit(program, config);
  EXPECT_EQ(audited.code, 2);
  EXPECT_EQ(audited.findings,
            (std::vector<Found>{{"lost", "store store.duckdb:numbers", 100, 100}}));
}

TEST(Negative, AnEventThatTheStoreDoublesIsNamed) {
  Program program(HOLDFAST_DOUBLE_EVENT);
  const std::string config = write_job(program, numbers_csv(500));
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0) << program.errors();
  const Audited audited = audit(program, config);
  EXPECT_EQ(audited.code, 2);
  EXPECT_EQ(audited.findings,
            (std::vector<Found>{{"doubled", "store store.duckdb:numbers", 100, 100}}));
  EXPECT_EQ(audited.row["delivered"], 500);
}

TEST(Negative, AnEventThatShippingLosesIsNamedAndTheStoreIsNotBlamed) {
  Program program(HOLDFAST_LOSE_IN_SHIPPING);
  const std::string config = write_job(program, numbers_csv(500));
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0) << program.errors();
  const Audited audited = audit(program, config);
  EXPECT_EQ(audited.code, 2);
  EXPECT_EQ(audited.findings, (std::vector<Found>{{"lost", "topic numbers", 100, 100}}));
  EXPECT_EQ(audited.row["delivered"], 499);
}

TEST(Negative, AnEventThatShippingDoublesIsNamedAndTheStoreHasItOnce) {
  Program program(HOLDFAST_DOUBLE_IN_SHIPPING);
  const std::string config = write_job(program, numbers_csv(500));
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0) << program.errors();
  const Audited audited = audit(program, config);
  EXPECT_EQ(audited.findings, (std::vector<Found>{{"doubled", "topic numbers", 100, 100}}));
  EXPECT_EQ(audited.row["doubled"], 0);
  EXPECT_EQ(audited.row["delivered"], 500);
}

TEST(Negative, AHalfAppliedBatchIsNamedEventByEvent) {
  Program program(HOLDFAST_HALF_APPLY_BATCH);
  const std::string config = write_job(program, numbers_csv(500), 100);
  ASSERT_EQ(program.run({"run", config, "--once", "--only", "sources"}).code, 0)
      << program.errors();
  // Killed right behind the half that was committed without its positions: the batch comes again.
  const Ran killed = program.run({"run", config, "--once", "--only", "pipelines"},
                                 {{"HOLDFAST_FAULT", "sink.half_applied:1"}});
  ASSERT_EQ(killed.code, -9) << killed.errors;
  ASSERT_EQ(program.run({"run", config, "--once", "--only", "pipelines"}).code, 0)
      << program.errors();
  const Audited audited = audit(program, config);
  EXPECT_EQ(audited.code, 2);
  EXPECT_EQ(audited.findings,
            (std::vector<Found>{{"doubled", "store store.duckdb:numbers", 0, 49}}));
  EXPECT_EQ(audited.row["doubled"], 50);
  EXPECT_EQ(audited.row["delivered"], 500);
}

/// The job with a store in each of two folders, of which the second is not there at first.
std::string write_replicated_job(const Program& program) {
  const std::string config = write_job(program, numbers_csv(500));
  const std::string& folder = program.folder();
  std::string text = content_of(config);
  const std::string one = "duckdb: {path: " + folder + "/store.duckdb, table: numbers}";
  std::string both = "replicated: {stores: [";
  for (const char* name : {"amsterdam", "frankfurt"})
    both += "{datacenter: " + std::string(name) + ", duckdb: {path: " + folder + "/" + name +
            "/store.duckdb, table: numbers}}, ";
  text.replace(text.find(one), one.size(), both + "]}");
  write_file(config, text + "datacenters: [{name: amsterdam}, {name: frankfurt}]\n");
  std::filesystem::create_directory(folder + "/amsterdam");
  return config;
}

TEST(Negative, ARecordThatTheRepairSkipsIsNamedInTheDataCenterThatMissesIt) {
  Program program(HOLDFAST_SKIP_IN_REPAIR);
  const std::string config = write_replicated_job(program);
  ASSERT_EQ(program.run({"run", config, "--once"}).code, 0) << program.errors();
  std::filesystem::create_directory(program.folder() + "/frankfurt");
  ASSERT_EQ(program.run({"repair", "run", config}).code, 0) << program.errors();
  const Audited audited = audit(program, config);
  EXPECT_EQ(audited.code, 2);
  EXPECT_EQ(audited.findings,
            (std::vector<Found>{{"lost", "store frankfurt/store.duckdb:numbers", 100, 100}}));
}

}  // namespace
}  // namespace holdfast::testing
