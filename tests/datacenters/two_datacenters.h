#pragma once

#include <gtest/gtest.h>
#include <mutex>
#include <nlohmann/json.hpp>

#include "http/server.h"
#include "sink/cassandra/interop/real_cassandra.h"
#include "testing/program.h"

namespace holdfast::testing {

using nlohmann::json;

/// A server that records what is posted to it, in Slack's place.
class SlackServer {
 public:
  SlackServer() {
    auto started = http::ServerThread::start(
        {"127.0.0.1", 0}, [this](const http::Request& request, http::Reply reply) {
          {
            const std::lock_guard lock(mutex_);
            bodies_.push_back(request.body);
          }
          reply({.body = R"({"ok":true})"});
        });
    server_ = std::move(*started);
  }
  std::string url() const { return "http://" + server_->address().text() + "/slack"; }
  /// The texts that begin so.
  std::vector<std::string> texts(const std::string& begin) {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const std::string& body : bodies_)
      if (const std::string text = json::parse(body)["text"]; text.starts_with(begin))
        found.push_back(text);
    return found;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> bodies_;
  std::unique_ptr<http::ServerThread> server_;
};

/// The numbers in a text, in their order.
inline std::vector<uint64_t> numbers_in(const std::string& text) {
  std::vector<uint64_t> numbers;
  std::stringstream words(text);
  for (std::string word; words >> word;)
    if (std::isdigit(static_cast<unsigned char>(word[0])) != 0)
      numbers.push_back(std::stoull(word));
  return numbers;
}

/// examples/two-datacentres-cassandra.yaml with a real Cassandra of two data centers, a keyspace
/// and a folder of the test's own.
class TwoDatacenters : public ::testing::Test {
 protected:
  using Cassandra = cql::RealCassandra;
  static constexpr auto amsterdam = Cassandra::amsterdam;
  static constexpr auto frankfurt = Cassandra::frankfurt;

  void SetUp() override {
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

  Ran run(std::vector<std::string> arguments) {
    return program_.run(std::move(arguments), environment_, 120'000);
  }
  std::unique_ptr<os::Process> start(std::vector<std::string> arguments) {
    return program_.start(std::move(arguments), environment_);
  }
  /// Until all that was added is delivered, by what the running program says of itself.
  void wait_until_carried(os::Process& running, int64_t rejected = 0) {
    for (int i = 0; i < 4'000; ++i) {
      const auto line = running.read_line(30'000);
      ASSERT_TRUE(line) << program_.errors();
      const json now = json::parse(*line, nullptr, false);
      if (!now.is_object() || now["sources"].empty() || now["pipelines"].empty()) continue;
      const json& source = now["sources"][0];
      const json& pipeline = now["pipelines"][0];
      if (source["shipped"] == added_ && pipeline["delivered"] >= added_ && pipeline["lag"] == 0 &&
          pipeline["rejected"] >= rejected)
        return;
    }
    FAIL() << "it does not get on: " << program_.errors();
  }
  static void stop(os::Process& running) {
    running.signal(SIGTERM);
    EXPECT_EQ(running.wait(60'000), 0);
  }

  /// Every row as "id|amount|version", asked of one data center alone.
  std::vector<std::string> rows_of(Cassandra::Datacenter which) {
    const auto session = cassandra_.session(which);
    return cql::texts(cql::must(session->run(
        "SELECT id, amount, ce_sequence, WRITETIME(ce_sequence) FROM " + keyspace_ + ".orders",
        cql::Consistency::local_quorum)));
  }
  /// Failure records in the queue of what a data center missed.
  uint64_t records_of(const std::string& datacenter) {
    const Ran ran = run({"failures", "list", config_, "--topic", "holdfast.failures." + datacenter,
                         "--json", "--limit", "1"});
    EXPECT_EQ(ran.code, 0) << ran.errors;
    return json::parse(ran.output, nullptr, false).value("total", uint64_t{0});
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
  json audit(int code = 0) {
    const Ran ran = run({"audit", "report", config_, "--json"});
    EXPECT_EQ(ran.code, code) << ran.output << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }

  const std::string config_ = HOLDFAST_SOURCE "/examples/two-datacentres-cassandra.yaml";
  Cassandra& cassandra_ = Cassandra::shared();
  Program program_{HOLDFAST_PROGRAM};
  SlackServer slack_;
  std::string keyspace_;
  Program::Environment environment_;
  int64_t added_ = 0;
};

}  // namespace holdfast::testing
