#include <cstdlib>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "tests/delivery/broker_process.h"
#include "tests/delivery/delivery.h"

namespace holdfast::pipeline {
namespace {

constexpr int64_t events = 5'000;
constexpr int64_t poison = 1'234;

Pipe pipe_of(const std::string& warehouse, const kafka::ClientSettings& client) {
  Pipe pipe;
  pipe.warehouse = warehouse;
  pipe.settings.name = "flights";
  pipe.settings.kafka = client;
  pipe.settings.topics = {"flights.ewr"};
  pipe.settings.failure_topic = "failures";
  pipe.settings.store = "warehouse";
  pipe.settings.once = true;
  pipe.settings.batch_events_max = 500;
  return pipe;
}

/// Runs this program again as a child that delivers, to be killed at `fault` (or not, when it is
/// empty). True when it was killed.
bool killed_at(const std::string& fault, const std::string& warehouse,
               const std::string& bootstrap) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fault.empty())
      ::unsetenv("HOLDFAST_FAULT");
    else
      ::setenv("HOLDFAST_FAULT", fault.c_str(), 1);
    ::setenv("HOLDFAST_TEST_WAREHOUSE", warehouse.c_str(), 1);
    ::setenv("HOLDFAST_TEST_BOOTSTRAP", bootstrap.c_str(), 1);
    ::execl("/proc/self/exe", "child", "--gtest_filter=Child.Delivers", "--gtest_brief=1", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!WIFSIGNALED(status)) {
    EXPECT_EQ(WEXITSTATUS(status), 0) << fault;
  }
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST(Child, Delivers) {
  const char* warehouse = std::getenv("HOLDFAST_TEST_WAREHOUSE");
  if (warehouse == nullptr) GTEST_SKIP() << "only as a child of the test below";
  fault::arm_from_environment();
  const Status status =
      make(pipe_of(warehouse,
                   {.bootstrap_servers = std::getenv("HOLDFAST_TEST_BOOTSTRAP"), .extra = {}}))
          ->run();
  ASSERT_TRUE(status) << status.error().message;
}

TEST(DeliverKilled, AtEveryFaultPointEveryEventIsOneRowInTheEnd) {
  BrokerProcess broker;
  if (!broker.start()) GTEST_SKIP() << "the program is not built";
  std::vector<Sent> sent = numbered("ewr", 0, events);
  sent[poison].payload = "not JSON";
  const std::vector<Sent> again = numbered("ewr", 2'000, 2'500);
  sent.insert(sent.end(), again.begin(), again.end());
  send(broker.client(), "flights.ewr", sent);
  auto rows = expected("ewr", 0, events);
  rows.erase(*expected("ewr", poison, poison + 1).begin());

  for (const std::string point :
       {"deliver.before_transform", "deliver.after_failures", "deliver.before_write",
        "sink.after_rows", "sink.before_commit", "sink.after_commit", "deliver.after_write"}) {
    testing::TemporaryFolder folder;
    const std::string warehouse = folder.path() + "/warehouse.duckdb";
    const std::string bootstrap = broker.client().bootstrap_servers;
    const bool once =
        point == "deliver.after_failures";  // one poison event: the point is passed once in a run
    for (const char* pass : {":1", ":4"})
      EXPECT_EQ(killed_at(point + pass, warehouse, bootstrap), !once || pass == std::string(":1"))
          << point << pass;
    killed_at("", warehouse, bootstrap);
    EXPECT_EQ(rows_of(warehouse), rows) << point;
  }
  std::set<std::string> refused;
  for (const Failure& failure : failures_of(broker.client(), "failures"))
    refused.insert(failure.source + "/" + std::to_string(failure.sequence));
  EXPECT_EQ(refused, (std::set<std::string>{"ewr/" + std::to_string(poison)}));
}

}  // namespace
}  // namespace holdfast::pipeline
