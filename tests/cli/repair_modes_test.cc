#include <algorithm>
#include <csignal>
#include <functional>

#include "base/os/clock.h"
#include "tests/cli/two_servers.h"
#include "tests/delivery/broker_process.h"

// How a repair is started and bounded, and what happens when two are.

namespace holdfast::testing {
namespace {

/// Whether it comes to hold while the process goes on, within a minute.
bool comes_true(os::Process& process, const std::function<bool()>& what) {
  for (int i = 0; i < 600 && !what(); ++i)
    if (process.wait(100)) break;
  return what();
}

/// With a broker of its own, which is not inside one of the repairs.
class RepairModes : public Repair {
 protected:
  RepairModes() {
    EXPECT_TRUE(broker_.start());
    environment_.push_back({"HOLDFAST_BROKER", broker_.client().bootstrap_servers});
  }
  std::unique_ptr<os::Process> start(std::vector<std::string> more) {
    std::vector<std::string> words{"repair", "run", config_, "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return program_.start(std::move(words), environment_);
  }
  json repair(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"repair", "run", config_, "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return repaired_in(run(words), "frankfurt");
  }
  uint64_t waiting(std::vector<std::string> more = {}) {
    more.push_back("--dry-run");
    return repair(more)["waiting_before"];
  }
  /// The numbers of repaired and superseded records that Slack was told, all messages together.
  uint64_t told() {
    uint64_t sum = 0;
    for (const std::string& text : slack_->texts("Repair of frankfurt:"))
      if (const auto numbers = numbers_in(text); numbers.size() >= 2)
        sum += numbers[0] + numbers[1];
    return sum;
  }

 private:
  pipeline::BrokerProcess broker_;
};

TEST_F(RepairModes, ADryRunAndTheBoundsOfARun) {
  const uint64_t records = miss();
  EXPECT_EQ(waiting({"--since", "2020-01-01T00:00:00Z"}), records);
  EXPECT_EQ(waiting({"--since", "2100-01-01T00:00:00Z"}), 0u);
  EXPECT_EQ(waiting({"--pipeline", "orders"}), records);
  EXPECT_EQ(waiting({"--pipeline", "another"}), 0u);
  EXPECT_EQ(waiting({"--max", "7"}), 7u);
  EXPECT_EQ(run({"repair", "run", config_, "--since", "soon"}).code, 64);
  EXPECT_EQ(run({"repair", "run", config_, "--schedule", "never"}).code, 64);
  EXPECT_EQ(waiting(), records);  // nothing was changed

  const json causes = repair({"--dry-run"})["causes"];
  uint64_t sum = 0;
  for (const auto& [code, count] : causes.items()) sum += count.get<uint64_t>();
  EXPECT_EQ(sum, records);
  // Two hundred at a hundred a second cannot be done in less than a second.
  const int64_t begun_ms = os::real_clock().steady_ms();
  EXPECT_EQ(repair({"--max", "200", "--rate", "100", "--concurrency", "8"})["waiting_before"], 200);
  EXPECT_GE(os::real_clock().steady_ms() - begun_ms, 1'500);
  EXPECT_EQ(waiting(), records - 200);
}

TEST_F(RepairModes, OnHealthRepairsWhenTheStoreIsBackAndOnAScheduleWhenItIsDue) {
  const uint64_t records = miss();
  frankfurt_.kill_hard();
  auto on_health = start({"--on-health"});
  EXPECT_FALSE(on_health->wait(2'000));
  EXPECT_EQ(told(), 0u);
  frankfurt_.start();
  EXPECT_TRUE(comes_true(*on_health, [&] { return rows_of(amsterdam_) == rows_of(frankfurt_); }));
  EXPECT_TRUE(comes_true(*on_health, [&] { return told() == records; })) << told();
  on_health->signal(SIGTERM);
  EXPECT_EQ(on_health->wait(10'000), 0);
  EXPECT_TRUE(slack_->texts("Repair of frankfurt: nothing").empty());

  auto scheduled = start({"--schedule", "*/2 * * * * *"});
  EXPECT_TRUE(comes_true(
      *scheduled, [&] { return slack_->texts("Repair of frankfurt: nothing").size() >= 2; }));
  scheduled->signal(SIGTERM);
  EXPECT_EQ(scheduled->wait(10'000), 0);
}

TEST_F(RepairModes, OfTwoAtATimeOneGivesWayAndTheNumberIsToldOnce) {
  const uint64_t records = miss();
  const std::string before = rows_of(frankfurt_);
  auto first = start({"--rate", "150", "--concurrency", "8"});
  ASSERT_TRUE(comes_true(*first, [&] { return rows_of(frankfurt_) != before; }));
  const json second = repair();
  EXPECT_EQ(second["failure_code"], "locked");
  EXPECT_EQ(second["repaired"], 0);
  EXPECT_TRUE(told_repairs().empty());
  EXPECT_EQ(first->wait(60'000), 0);
  EXPECT_EQ(told(), records);
  EXPECT_EQ(rows_of(amsterdam_), rows_of(frankfurt_));
}

/// Whether a process is stopped by a signal.
bool is_asleep(int id) {
  return content_of("/proc/" + std::to_string(id) + "/stat").find(") T ") != std::string::npos;
}

TEST_F(RepairModes, OneThatIsAskedToStopWhileItWaitsForAnotherTellsNobodyOfAFailure) {
  const uint64_t records = miss();
  const auto start_asleep_at = [&](const char* point) {
    auto environment = environment_;
    environment.push_back({"HOLDFAST_FAULT", point});
    environment.push_back({"HOLDFAST_FAULT_ACTION", "stop"});
    auto process = program_.start(
        {"repair", "run", config_, "--json", "--concurrency", "64", "--max", "16"}, environment);
    EXPECT_TRUE(comes_true(*process, [&] { return is_asleep(process->id()); }));
    return process;
  };
  auto holder = start_asleep_at("repair.before_mark:1");
  auto waiting_one = start_asleep_at("repair.wait_for_lease:1");
  waiting_one->signal(SIGTERM);
  waiting_one->signal(SIGCONT);
  std::string output;
  while (const auto line = waiting_one->read_line(60'000)) output += *line;
  EXPECT_EQ(waiting_one->wait(60'000), 1);
  const json report = json::parse(output, nullptr, false);
  EXPECT_EQ(report["datacenters"].back().value("stopped", false), true) << output;
  for (const json& one : report["datacenters"]) EXPECT_FALSE(one.contains("failure")) << output;
  EXPECT_TRUE(told_repairs().empty());
  holder->signal(SIGCONT);
  EXPECT_EQ(holder->wait(60'000), 0);
  EXPECT_EQ(told(), 16u);
  EXPECT_EQ(waiting(), records - 16);
}

TEST_F(RepairModes, OneThatSleepsIsFencedByTheNextAndTellsNothingWhenItWakesUp) {
  const uint64_t records = miss();
  auto environment = environment_;
  environment.push_back({"HOLDFAST_FAULT", "repair.before_mark:1"});
  environment.push_back({"HOLDFAST_FAULT_ACTION", "stop"});
  // One chunk and no more, so that the other worker does not fall asleep with the locks of rows.
  auto sleeper = program_.start(
      {"repair", "run", config_, "--json", "--concurrency", "64", "--max", "16"}, environment);
  ASSERT_TRUE(comes_true(*sleeper, [&] { return is_asleep(sleeper->id()); }));

  const json next = repair();
  EXPECT_FALSE(next.contains("failure")) << next;
  EXPECT_EQ(told(), records);
  sleeper->signal(SIGCONT);
  std::string output;
  while (const auto line = sleeper->read_line(60'000)) output += *line;
  EXPECT_EQ(sleeper->wait(60'000), 1);
  const json report = json::parse(output, nullptr, false);
  EXPECT_EQ(std::ranges::count_if(
                report["datacenters"],
                [](const json& one) { return one.value("failure_code", "") == "fenced"; }),
            1)
      << output;
  EXPECT_EQ(told(), records);
  EXPECT_EQ(rows_of(amsterdam_), rows_of(frankfurt_));
  EXPECT_EQ(waiting(), 0u);
}

TEST_F(RepairModes, FailuresAreChosenByCauseTimeAndPipelineAndListedAlthoughAKafkaIsAway) {
  const uint64_t records = miss();
  const auto list = [&](std::vector<std::string> more, int code = 0) {
    std::vector<std::string> words{"failures", "list", config_, "--json", "--limit", "1"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words);
    EXPECT_EQ(ran.code, code) << ran.errors;
    return json::parse(ran.output, nullptr, false);
  };
  const json all = list({});
  EXPECT_EQ(all["total"], records);
  const std::string cause = all["failures"][0]["record"]["cause_code"];
  EXPECT_GE(list({"--cause", cause})["total"], 1);
  EXPECT_EQ(list({"--cause", "no such cause"})["total"], 0);
  EXPECT_EQ(list({"--pipeline", "another"})["total"], 0);
  EXPECT_EQ(list({"--key", "no such key"})["total"], 0);
  EXPECT_EQ(list({"--since", "1h"})["total"], records);
  EXPECT_EQ(list({"--until", "1h"})["total"], 0);

  // Nobody listens there: what is kept in frankfurt cannot be listed, all else can.
  environment_.push_back({"FRANKFURT_KAFKA", "127.0.0.1:1"});
  const json part = list({}, 1);
  EXPECT_EQ(part["total"], records);
  ASSERT_EQ(part["missing"].size(), 1u);
  EXPECT_EQ(part["missing"][0]["queue"], "holdfast.failures.amsterdam");
  EXPECT_EQ(part["missing"][0]["kafka"], "127.0.0.1:1");
  EXPECT_EQ(run({"failures", "drop", config_, "--all", "--why", "x", "--yes"}).code, 1);
  EXPECT_EQ(list({}, 1)["total"], records);
}

}  // namespace
}  // namespace holdfast::testing
