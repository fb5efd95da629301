#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "http/server.h"
#include "sink/postgres/connection.h"
#include "testing/postgres_server.h"
#include "testing/program.h"

namespace holdfast::testing {
namespace {

using nlohmann::json;

/// Two PostgreSQL servers, the example of two data centers, and a Slack that records.
class DataCenters : public ::testing::Test {
 protected:
  DataCenters() {
    auto started = http::ServerThread::start(
        {"127.0.0.1", 0}, [this](const http::Request& request, http::Reply reply) {
          {
            const std::lock_guard lock(mutex_);
            told_.push_back(request.body);
          }
          reply({.body = R"({"ok":true})"});
        });
    slack_ = std::move(*started);
    environment_ = {{"DEMO", program_.folder()},
                    {"AMSTERDAM_PORT", std::to_string(amsterdam_.port())},
                    {"FRANKFURT_PORT", std::to_string(frankfurt_.port())},
                    {"SLACK_TOKEN", "t"},
                    {"SLACK_CHANNEL", "#c"},
                    {"SLACK_URL", "http://" + slack_->address().text() + "/slack"}};
  }
  /// Orders [from, to) behind those that are there; each amount is its number.
  void add_orders(int from, int to, int keys) {
    for (int i = from; i < to; ++i)
      orders_ += json{{"id", i % keys}, {"customer", "c"}, {"amount", i}}.dump() + "\n";
    write_file(program_.path("orders.jsonl"), orders_);
  }
  Ran run(std::vector<std::string> arguments) {
    return program_.run(std::move(arguments), environment_);
  }
  /// The whole table as text.
  static std::string rows_of(const PostgresServer& server) {
    auto connection = sink::postgres::Connection::open(
        {.host = "127.0.0.1", .port = server.port(), .database = "holdfast", .user = "holdfast"});
    EXPECT_TRUE(connection);
    const auto rows =
        connection->run("SELECT string_agg(o::text, chr(10) ORDER BY id) FROM orders o");
    EXPECT_TRUE(rows) << rows.error().message;
    return std::string(rows->text(0, 0));
  }
  json audit(int code) {
    const Ran ran = run({"audit", "report", config_, "--json"});
    EXPECT_EQ(ran.code, code) << ran.errors;
    return json::parse(ran.output, nullptr, false);
  }
  std::vector<std::string> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

  const std::string config_ = HOLDFAST_SOURCE "/examples/two-datacentres.yaml";
  PostgresServer amsterdam_, frankfurt_;
  Program program_{HOLDFAST_PROGRAM};
  std::string orders_;
  std::mutex mutex_;
  std::vector<std::string> told_;
  std::unique_ptr<http::ServerThread> slack_;
  Program::Environment environment_;
};

TEST_F(DataCenters, WhatOneMissesIsRecordedAndTheOtherGoesOn) {
  add_orders(0, 2'000, 500);
  ASSERT_EQ(run({"run", config_, "--once"}).code, 0) << program_.errors();
  EXPECT_EQ(rows_of(amsterdam_), rows_of(frankfurt_));

  frankfurt_.kill_hard();
  add_orders(2'000, 3'000, 500);
  ASSERT_EQ(run({"run", config_, "--once"}).code, 0) << program_.errors();
  const Ran list = run({"failures", "list", config_, "--topic", "holdfast.failures.frankfurt",
                        "--json", "--limit", "1"});
  ASSERT_EQ(list.code, 0) << list.errors;
  const json failures = json::parse(list.output);
  // The last batch before may be there a second time: its answer was not yet noted elsewhere.
  EXPECT_GE(failures["total"], 1'000);
  const json record = failures["failures"][0]["record"];
  EXPECT_EQ(record["datacenter"], "frankfurt");
  EXPECT_EQ(record["pipeline"], "orders");
  EXPECT_EQ(record["kind"], "unavailable");
  EXPECT_EQ(record["tables"], "orders");

  frankfurt_.start();
  EXPECT_NE(rows_of(amsterdam_), rows_of(frankfurt_));
  const json report = audit(0);  // what is recorded is not lost
  ASSERT_EQ(report["stores"].size(), 2u);
  EXPECT_EQ(report["stores"][0]["sources"][0]["lost"], 0);
  EXPECT_EQ(report["stores"][1]["sources"][0]["lost"], 0);
  EXPECT_GE(report["stores"][1]["sources"][0]["refused"], 500);
}

}  // namespace
}  // namespace holdfast::testing
