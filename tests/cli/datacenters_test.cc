#include <sstream>

#include "tests/cli/two_servers.h"

namespace holdfast::testing {
namespace {

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

TEST_F(Repair, BringsWhatWasMissedOnceAndTellsHowMany) {
  const uint64_t records = miss();
  const Ran first = run({"repair", "run", config_, "--once", "--json"});
  ASSERT_EQ(first.code, 0) << first.errors;
  const json done = repaired_in(first, "frankfurt");
  EXPECT_EQ(done["repaired"].get<uint64_t>() + done["superseded"].get<uint64_t>(), records);
  EXPECT_EQ(done["failing"], 0);
  EXPECT_EQ(rows_of(amsterdam_), rows_of(frankfurt_));
  ASSERT_EQ(told_repairs().size(), 1u);
  EXPECT_NE(told_repairs()[0].find(" " + std::to_string(done["repaired"].get<uint64_t>()) + " "),
            std::string::npos);

  const json again = repaired_in(run({"repair", "run", config_, "--once", "--json"}), "frankfurt");
  EXPECT_EQ(again["waiting_before"], 0);
  EXPECT_EQ(told_repairs().size(), 2u);
  const json report = audit(0);
  EXPECT_EQ(report["stores"][1]["sources"][0]["refused"], 0);
}

TEST_F(Repair, NeverPutsAnOlderVersionOverANewerOneNorBringsADeletedRowBack) {
  miss();
  auto connection = sink::postgres::Connection::open(
      {.host = "127.0.0.1", .port = frankfurt_.port(), .database = "holdfast", .user = "holdfast"});
  // As a pipeline would have: key 600 (missed: amount 2100) has a newer version, key 700 is
  // deleted.
  ASSERT_TRUE(connection->run(
      "UPDATE orders SET amount = -1, ce_version = 9000000000000000000 WHERE id = 600; "
      "INSERT INTO orders_deletions SELECT id, ce_source, ce_epoch, ce_sequence, "
      "9000000000000000000 FROM orders WHERE id = 700; DELETE FROM orders WHERE id = 700"));
  const json done = repaired_in(run({"repair", "run", config_, "--json"}), "frankfurt");
  EXPECT_GE(done["superseded"], 2);
  EXPECT_EQ(connection->run("SELECT amount FROM orders WHERE id = 600")->number(0, 0), -1);
  EXPECT_EQ(connection->run("SELECT count(*) FROM orders WHERE id = 700")->number(0, 0), 0);
}

TEST_F(Repair, KilledTwentyTimesItLosesNothingAndCountsNothingTwice) {
  const uint64_t records = miss();
  const std::vector<std::string> repair{"repair", "run", config_, "--concurrency", "64", "--json"};
  int killed = 0;
  for (int round = 0; killed < 20; ++round) {
    ASSERT_LT(round, 30);
    static const char* points[] = {"repair.after_write:1", "sink.before_commit:2",
                                   "repair.after_confirm:2", "repair.before_mark:1",
                                   "repair.after_mark:1"};
    auto environment = environment_;
    environment.push_back({"HOLDFAST_FAULT", points[round % 5]});
    killed += program_.run(repair, environment).code == -9;
  }
  EXPECT_TRUE(told_repairs().empty());
  const Ran last = run(repair);
  ASSERT_EQ(last.code, 0) << last.errors;
  EXPECT_EQ(rows_of(amsterdam_), rows_of(frankfurt_));
  // One message, with all that the killed runs had done too.
  ASSERT_EQ(told_repairs().size(), 1u);
  const auto numbers = numbers_in(told_repairs()[0]);
  EXPECT_EQ(numbers[0] + numbers[1], records) << told_repairs()[0];
  EXPECT_EQ(repaired_in(run(repair), "frankfurt")["waiting_before"], 0);
}

TEST_F(Repair, AStoreThatIsStillAwayLeavesEverythingInItsPlaceAndSlackHearsWhy) {
  const uint64_t records = miss();
  frankfurt_.kill_hard();
  const Ran ran = run({"repair", "run", config_, "--json"});
  EXPECT_EQ(ran.code, 1);
  const json done = repaired_in(ran, "frankfurt");
  EXPECT_EQ(done["repaired"], 0);
  EXPECT_TRUE(done.contains("failure"));
  ASSERT_EQ(told_repairs().size(), 1u);
  EXPECT_NE(told_repairs()[0].find("failed"), std::string::npos);
  frankfurt_.start();
  slack_.reset();  // and nobody to tell
  EXPECT_EQ(run({"repair", "run", config_, "--max", "100", "--rate", "1000"}).code, 0);
  const json left =
      repaired_in(run({"repair", "run", config_, "--dry-run", "--json"}), "frankfurt");
  EXPECT_EQ(left["waiting_before"], records - 100);
}

TEST_F(Repair, ARecordThatFailsAgainKeepsItsPlaceUntilItIsQuarantined) {
  const uint64_t records = miss();
  auto connection = sink::postgres::Connection::open(
      {.host = "127.0.0.1", .port = frankfurt_.port(), .database = "holdfast", .user = "holdfast"});
  ASSERT_TRUE(connection->run("ALTER TABLE orders ADD CHECK (amount <> 2500) NOT VALID"));
  const std::vector<std::string> repair{"repair", "run", config_, "--attempts", "2", "--json"};
  const json first = repaired_in(run(repair), "frankfurt");
  EXPECT_EQ(first["failing"], 1);
  EXPECT_EQ(first["quarantined"], 0);
  EXPECT_EQ(first["repaired"].get<uint64_t>() + first["superseded"].get<uint64_t>(), records - 1);
  const json second = repaired_in(run(repair), "frankfurt");
  EXPECT_EQ(second["failing"], 1);
  EXPECT_EQ(second["quarantined"], 1);
  EXPECT_EQ(repaired_in(run(repair), "frankfurt")["waiting_before"], 0);
}

TEST_F(Repair, APersonReplaysWhatIsQuarantinedOrDropsItWithWhoAndWhy) {
  miss();
  auto connection = sink::postgres::Connection::open(
      {.host = "127.0.0.1", .port = frankfurt_.port(), .database = "holdfast", .user = "holdfast"});
  ASSERT_TRUE(connection->run(
      "ALTER TABLE orders ADD CONSTRAINT no CHECK (amount NOT IN (2500, 2600)) NOT VALID"));
  EXPECT_EQ(repaired_in(run({"repair", "run", config_, "--attempts", "1", "--json"}),
                        "frankfurt")["quarantined"],
            2);
  const Ran listed = run({"failures", "list", config_, "--json"});
  const json list = json::parse(listed.output, nullptr, false);
  ASSERT_EQ(list["total"], 2) << listed.output << listed.errors;
  EXPECT_EQ(list["failures"][0]["state"], "quarantined");
  const std::string id = list["failures"][0]["id"];

  EXPECT_EQ(run({"failures", "drop", config_, "--why", "x", "--yes"}).code, 64);  // which?
  EXPECT_EQ(run({"failures", "drop", config_, id, "--why", "x"}).code, 1);        // nobody says yes
  EXPECT_EQ(run({"failures", "drop", config_, id, "--why", "a test", "--who", "ann", "--yes"}).code,
            0);
  ASSERT_TRUE(connection->run("ALTER TABLE orders DROP CONSTRAINT no"));
  const Ran replayed = run({"failures", "replay", config_, "--all", "--json"});
  EXPECT_EQ(json::parse(replayed.output, nullptr, false)["queues"][0]["repaired"], 1)
      << replayed.output << replayed.errors;
  EXPECT_EQ(json::parse(run({"failures", "list", config_, "--json"}).output)["total"], 0);

  int dropped = 0;
  std::istringstream lines(run({"failures", "export", config_, "--all", "--since", "1h"}).output);
  for (std::string line; std::getline(lines, line);)
    dropped += json::parse(line)["state"] == "dropped";
  EXPECT_EQ(dropped, 1);
  const Ran shown = run({"failures", "show", config_, id});
  EXPECT_NE(shown.output.find("ann"), std::string::npos);
  EXPECT_NE(shown.output.find("a test"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::testing
