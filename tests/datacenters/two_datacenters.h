#pragma once

#include <atomic>
#include <condition_variable>
#include <gtest/gtest.h>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/os/clock.h"
#include "sink/cassandra/interop/real_cassandra.h"
#include "testing/carried.h"
#include "testing/program.h"
#include "testing/slack_server.h"

namespace holdfast::testing {

using nlohmann::json;

/// examples/two-datacentres-cassandra.yaml with a real Cassandra of two data centers (hinted
/// handoff is off), a keyspace and a folder of the test's own.
class TwoDatacenters : public ::testing::Test {
 protected:
  using Cassandra = cql::RealCassandra;
  static constexpr auto amsterdam = Cassandra::amsterdam;
  static constexpr auto frankfurt = Cassandra::frankfurt;
  using Rows = std::vector<std::string>;

  void SetUp() override {
    // As a cluster in service. A patient one keeps what it could not send for 20 s, and brings it
    // by itself to a node that is back before that.
    Cassandra::shared_is_patient = false;
    if (!cassandra_.start())
      GTEST_SKIP() << "Apache Cassandra cannot run here: Java or Maven is missing";
    const auto session = cassandra_.session();
    keyspace_ = cassandra_.make_keyspace(*session);
    const std::string stamp = ", ce_source text, ce_epoch bigint, ce_sequence bigint";
    for (const std::string& table :
         {"orders (id bigint PRIMARY KEY, customer text, amount double, changed timestamp" + stamp +
              ")",
          "orders_by_tag (tag text, id bigint, amount double" + stamp +
              ", PRIMARY KEY (tag, id))"}) {
      const Status made = session->change_schema("CREATE TABLE " + keyspace_ + "." + table);
      ASSERT_TRUE(made) << made.error().message;
    }
    environment_ = {{"DEMO", program_.folder()},
                    {"CASSANDRA_KEYSPACE", keyspace_},
                    {"AMSTERDAM", cassandra_.address(amsterdam).text()},
                    {"FRANKFURT", cassandra_.address(frankfurt).text()},
                    {"SLACK_TOKEN", "t"},
                    {"SLACK_CHANNEL", "#c"},
                    {"SLACK_URL", slack_.url()}};
    write_file(program_.path("orders.jsonl"), "");
  }

  /// `lines` more orders at the end of what the source reads.
  void add(const std::string& lines) {
    std::ofstream(program_.path("orders.jsonl"), std::ios::app | std::ios::binary) << lines;
    added_ += std::ranges::count(lines, '\n');
  }
  static std::string order(int id, double amount, const char* state = "open") {
    return json{{"id", id},
                {"customer", "c"},
                {"amount", amount},
                {"tags", {"all"}},
                {"state", state}}
               .dump() +
           "\n";
  }
  /// Orders [from, to), each of its own key and amount.
  void add_orders(int from, int to) {
    std::string lines;
    for (int i = from; i < to; ++i) lines += order(i, i);
    add(lines);
  }
  /// Adds orders from an id on, some hundred a second, while it lives.
  class Load {
   public:
    Load(TwoDatacenters& test, int from)
        : next_(from), thread_([this, &test](const std::stop_token& over) {
            for (; !over.stop_requested(); next_ += 20) {
              test.add_orders(next_, next_ + 20);
              std::unique_lock lock(mutex_);
              paused_.wait_for(lock, over, std::chrono::milliseconds(50), [] { return false; });
            }
          }) {}
    /// Ends it. Answers the id behind the last one.
    int end() {
      thread_.request_stop();
      thread_.join();
      return next_;
    }

   private:
    int next_;
    std::mutex mutex_;
    std::condition_variable_any paused_;
    std::jthread thread_;
  };

  Ran run(std::vector<std::string> arguments) {
    return program_.run(std::move(arguments), environment_, 120'000);
  }
  std::unique_ptr<os::Process> start(std::vector<std::string> arguments,
                                     const Program::Environment& more = {}) {
    auto environment = environment_;
    environment.insert(environment.end(), more.begin(), more.end());
    return program_.start(std::move(arguments), environment);
  }
  /// What a running program says of itself next.
  json progress_of(os::Process& running) {
    while (const auto line = running.read_line(60'000))
      if (json now = json::parse(*line, nullptr, false);
          now.is_object() && now.contains("pipelines") && !now["pipelines"].empty())
        return now;
    ADD_FAILURE() << "it says nothing: " << program_.errors();
    return {};
  }
  void read_progress_for(os::Process& running, int64_t milliseconds) {
    const int64_t until_ms = os::real_clock().steady_ms() + milliseconds;
    while (os::real_clock().steady_ms() < until_ms && !HasFailure()) progress_of(running);
  }
  /// Until all that was added is delivered, by what the running program says of itself.
  void wait_until_carried(os::Process& running, int64_t rejected = 0) {
    Carried carried;
    for (int i = 0; i < 6'000 && !HasFailure(); ++i) {
      const json now = progress_of(running);
      if (now.is_null()) return;
      if (carried.saw(now, added_.load()) && now["pipelines"][0]["rejected"] >= rejected) return;
    }
    FAIL() << "it does not get on: " << program_.errors();
  }
  static void stop(os::Process& running) {
    running.signal(SIGTERM);
    EXPECT_EQ(running.wait(60'000), 0);
  }

  /// Every row of both tables with all that is in it, and when its cells were written, asked of one
  /// data center alone.
  Rows rows_of(Cassandra::Datacenter which) {
    Rows rows = select(which,
                       "id, customer, amount, changed, ce_source, ce_epoch, ce_sequence, "
                       "WRITETIME(amount), WRITETIME(ce_sequence) FROM " +
                           keyspace_ + ".orders");
    const Rows by_tag = select(which,
                               "tag, id, amount, ce_source, ce_epoch, ce_sequence, "
                               "WRITETIME(amount), WRITETIME(ce_sequence) FROM " +
                                   keyspace_ + ".orders_by_tag");
    rows.insert(rows.end(), by_tag.begin(), by_tag.end());
    return rows;
  }
  /// The amount of one order: "5500", or nothing when it is not there.
  std::string amount_in(Cassandra::Datacenter which, int id) {
    const Rows rows = select(which, "CAST(amount AS int) FROM " + keyspace_ +
                                        ".orders WHERE id = " + std::to_string(id));
    return rows.empty() ? "" : rows[0];
  }
  size_t orders_in(Cassandra::Datacenter which) {
    return std::stoul(select(which, "count(*) FROM " + keyspace_ + ".orders").at(0));
  }
  void expect_the_same(size_t orders) {
    EXPECT_EQ(orders_in(amsterdam), orders);
    EXPECT_EQ(orders_in(frankfurt), orders);
    EXPECT_EQ(rows_of(amsterdam), rows_of(frankfurt));
  }
  /// `failures list`, and how it ended.
  json list_failures(const std::string& queue, int code = 0) {
    const Ran ran = run({"failures", "list", config_, "--topic", queue, "--json", "--limit", "1"});
    EXPECT_EQ(ran.code, code) << ran.output << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }
  /// Failure records in the queue of what a data center missed.
  uint64_t records_of(const std::string& datacenter) {
    return list_failures("holdfast.failures." + datacenter).value("total", uint64_t{0});
  }
  /// A repair, and what it says of one data center.
  json repair(const std::string& datacenter, std::vector<std::string> more = {}) {
    std::vector<std::string> words{"repair", "run", config_, "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Ran ran = run(words);
    const json report = json::parse(ran.output, nullptr, false);
    if (report.is_object())
      for (const json& one : report["datacenters"])
        if (one["datacenter"] == datacenter) return one;
    ADD_FAILURE() << ran.output << ran.errors;
    return {};
  }
  /// What Slack heard that was repaired or superseded, also by a repair that could not go on.
  uint64_t told_of(const std::string& datacenter) {
    uint64_t sum = 0;
    for (const std::string& text : slack_.texts("Repair of " + datacenter + ":"))
      if (const auto numbers = numbers_in(text); numbers.size() >= 2)
        sum += numbers[0] + numbers[1];
    for (const std::string& text : slack_.texts("Repair of " + datacenter + " failed")) {
      const size_t end = text.find(" messages were repaired before");
      sum += std::stoull(text.substr(text.rfind(' ', end - 1)));
    }
    return sum;
  }
  json audit(int code = 0) {
    const Ran ran = run({"audit", "report", config_, "--json"});
    EXPECT_EQ(ran.code, code) << ran.output << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }

  const std::string config_ = HOLDFAST_SOURCE "/examples/two-datacentres-cassandra.yaml";
  Cassandra& cassandra_ = shared();
  Program program_{HOLDFAST_PROGRAM};
  SlackServer slack_;
  std::string keyspace_;
  Program::Environment environment_;
  std::atomic<int64_t> added_ = 0;

 private:
  static Cassandra& shared() {
    Cassandra::shared_is_patient = false;
    return Cassandra::shared();
  }
  Rows select(Cassandra::Datacenter which, const std::string& what) {
    const auto session = cassandra_.session(which);
    return cql::texts(cql::must(session->run("SELECT " + what, cql::Consistency::local_quorum)));
  }
};

}  // namespace holdfast::testing
