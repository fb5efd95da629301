#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sink/postgres/connection.h"
#include "testing/postgres_server.h"
#include "testing/program.h"

namespace holdfast::testing {
namespace {

using nlohmann::json;

TEST(PostgresJob, TheExampleRunsTheAuditIsCleanAndANewVersionReplacesARow) {
  PostgresServer server;
  Program program(HOLDFAST_PROGRAM);
  const Program::Environment environment{{"DEMO", program.folder()},
                                         {"PGPORT", std::to_string(server.port())}};
  const std::string config = HOLDFAST_SOURCE "/examples/postgres.yaml";
  std::string orders;
  for (int i = 0; i < 3'000; ++i)
    orders += json{{"id", i % 1'000}, {"customer", "c"}, {"amount", i}}.dump() + "\n";
  orders += R"({"id": 5, "customer": "zero \u0000 byte", "amount": 1})"
            "\n";
  write_file(program.path("orders.jsonl"), orders);

  EXPECT_EQ(program.run({"check", config, "--connect"}, environment).code, 0);
  const Ran ran = program.run({"run", config, "--once"}, environment);
  ASSERT_EQ(ran.code, 0) << ran.errors;

  auto connection = sink::postgres::Connection::open(
      {.host = "127.0.0.1", .port = server.port(), .database = "holdfast", .user = "holdfast"});
  ASSERT_TRUE(connection);
  const auto rows = connection->run("SELECT count(*), min(amount), max(amount) FROM orders");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->number(0, 0), 1'000);
  EXPECT_EQ(rows->number(0, 1), 2'000);
  EXPECT_EQ(rows->number(0, 2), 2'999);

  const Ran audit = program.run({"audit", "report", config, "--json"}, environment);
  ASSERT_EQ(audit.code, 0) << audit.output << audit.errors;
  const json row = json::parse(audit.output)["stores"][0]["sources"][0];
  EXPECT_EQ(row["captured"], 3'001);
  EXPECT_EQ(row["delivered"], 1'000);
  EXPECT_EQ(row["filtered"], 2'000);
  EXPECT_EQ(row["refused"], 1);
  EXPECT_EQ(row["lost"], 0);

  EXPECT_EQ(program.run({"failures", "list", config, "--json"}, environment).code, 0);
}

}  // namespace
}  // namespace holdfast::testing
