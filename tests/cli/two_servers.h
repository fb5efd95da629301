#pragma once

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sink/postgres/connection.h"
#include "testing/postgres_server.h"
#include "testing/program.h"
#include "testing/slack_server.h"

namespace holdfast::testing {

using nlohmann::json;

/// Two PostgreSQL servers, the example of two data centers, and a Slack that records.
class DataCenters : public ::testing::Test {
 protected:
  DataCenters() {
    environment_ = {{"DEMO", program_.folder()},
                    {"AMSTERDAM_PORT", std::to_string(amsterdam_.port())},
                    {"FRANKFURT_PORT", std::to_string(frankfurt_.port())},
                    {"SLACK_TOKEN", "t"},
                    {"SLACK_CHANNEL", "#c"},
                    {"SLACK_URL", slack_->url()}};
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

  const std::string config_ = HOLDFAST_SOURCE "/examples/two-datacentres.yaml";
  PostgresServer amsterdam_, frankfurt_;
  Program program_{HOLDFAST_PROGRAM};
  std::string orders_;
  std::unique_ptr<SlackServer> slack_ = std::make_unique<SlackServer>();
  Program::Environment environment_;
};

/// The numbers of one data center in the report of a repair.
inline json repaired_in(const Ran& ran, const std::string& datacenter) {
  const json report = json::parse(ran.output, nullptr, false);
  for (const json& one : report.value("datacenters", json::array()))
    if (one["datacenter"] == datacenter) return one;
  ADD_FAILURE() << ran.output << ran.errors;
  return {};
}

class Repair : public DataCenters {
 protected:
  /// Frankfurt misses orders [2000, 3000), among them newer versions of what it has; then it is
  /// back. Answers how many records wait.
  uint64_t miss() {
    add_orders(0, 2'000, 1'500);
    EXPECT_EQ(run({"run", config_, "--once"}).code, 0) << program_.errors();
    frankfurt_.kill_hard();
    add_orders(2'000, 3'000, 1'500);
    EXPECT_EQ(run({"run", config_, "--once"}).code, 0) << program_.errors();
    frankfurt_.start();
    const json waiting =
        repaired_in(run({"repair", "run", config_, "--dry-run", "--json"}), "frankfurt");
    EXPECT_GE(waiting["waiting_before"], 1'000);
    EXPECT_TRUE(told_repairs().empty());
    return waiting["waiting_before"];
  }
  std::vector<std::string> told_repairs() { return slack_->texts("Repair of frankfurt"); }
};

}  // namespace holdfast::testing
