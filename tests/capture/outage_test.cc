// Brokers that are away while the source goes on, and a spool that fills up meanwhile.
#include <fstream>
#include <gtest/gtest.h>

#include "audit/audit.h"
#include "children.h"
#include "kafka/admin.h"

namespace holdfast::pipeline {
namespace {

std::string line_text(int line, size_t padding = 0) {
  return "{\"line\":" + std::to_string(line) + ",\"padding\":\"" + std::string(padding, 'x') +
         "\"}";
}

void expect_lines(const std::vector<Stamped>& found, int lines, size_t padding) {
  ASSERT_EQ(found.size(), static_cast<size_t>(lines));
  for (int i = 0; i < lines; ++i) {
    ASSERT_EQ(found[static_cast<size_t>(i)].sequence, i);
    ASSERT_EQ(found[static_cast<size_t>(i)].value, line_text(i, padding));
  }
}

TEST(Outage, TheSourceGoesOnWhileTheBrokerIsKilledAgainAndAgainAndEveryLineArrivesOnce) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/lines.jsonl";
  std::ofstream file(path);
  int line = 0;
  const auto write = [&](int count) {
    for (int i = 0; i < count; ++i) file << line_text(line++) << "\n";
    file.flush();
  };
  BrokerChild broker;
  broker.start();
  auto capture = Capture::start(os::real_files(), os::real_clock(),
                                capture_settings(folder.path() + "/spool", broker.bootstrap()),
                                one_source(path, "t", false));
  ASSERT_TRUE(capture) << capture.error().message;
  const auto source = [&] { return (*capture)->progress().sources[0]; };
  for (int round = 0; round < 3; ++round) {
    write(300);
    wait_until([&] { return source().shipped > line - 300; }, "some to be shipped");
    broker.kill_hard();
    write(300);
    wait_until([&] { return source().durable == line; },
               "the spool to take the events while no broker is there");
    EXPECT_LT(source().shipped, line);
    broker.start();
    wait_until([&] { return source().shipped == line; }, "everything to be shipped");
  }
  (*capture)->stop();
  expect_lines(topic_contents(broker.bootstrap(), "t", "lines"), line, 0);
}

TEST(Outage, AFullSpoolHoldsTheSourceBackAndDrainsWhenABrokerComes) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/lines.jsonl";
  constexpr int lines = 10'000;
  constexpr size_t padding = 2'000;
  {
    std::ofstream file(path);
    for (int line = 0; line < lines; ++line) file << line_text(line, padding) << "\n";
  }
  BrokerChild broker;
  broker.start();
  broker.kill_hard();
  auto capture = Capture::start(os::real_files(), os::real_clock(),
                                capture_settings(folder.path() + "/spool", broker.bootstrap()),
                                one_source(path, "t", true));
  ASSERT_TRUE(capture) << capture.error().message;
  wait_until([&] { return (*capture)->progress().spool.full; }, "the spool to be full");
  wait_until([&] { return (*capture)->progress().sources[0].state == CaptureState::waiting; },
             "the source to wait");
  const CaptureProgress full = (*capture)->progress();
  EXPECT_LT(full.sources[0].captured, lines);
  EXPECT_LE(full.spool.bytes_used, full.spool.bytes_max);
  broker.start();
  wait_until([&] { return (*capture)->progress().finished(); }, "everything to be shipped");
  (*capture)->stop();
  EXPECT_FALSE((*capture)->progress().spool.full);
  expect_lines(topic_contents(broker.bootstrap(), "t", "lines"), lines, padding);
}

TEST(Refused, WhatTheBrokerRefusesIsInTheFailureQueueAndTheRestGoesOnInOrder) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/lines.jsonl";
  constexpr int lines = 2'000;
  const auto too_large = [](int line) { return line % 700 == 300; };
  {
    std::ofstream file(path);
    for (int line = 0; line < lines; ++line)
      file << line_text(line, too_large(line) ? 5'000 : 20) << "\n";
  }
  BrokerChild broker;
  broker.start();
  const auto admin = kafka::Admin::create({.bootstrap_servers = broker.bootstrap()});
  ASSERT_TRUE(admin) << admin.error().message;
  const Status made = (*admin)->ensure_topic(
      {.name = "t", .partitions = 1, .configs = {{"max.message.bytes", "2000"}}}, 10'000);
  ASSERT_TRUE(made) << made.error().message;
  CaptureSettings settings = capture_settings(folder.path() + "/spool", broker.bootstrap());
  settings.ship.compression = "none";  // packed, they would be small enough
  auto capture =
      Capture::start(os::real_files(), os::real_clock(), settings, one_source(path, "t", true));
  ASSERT_TRUE(capture) << capture.error().message;
  wait_until([&] { return (*capture)->progress().sources[0].shipped == lines; },
             "everything to be shipped or refused");
  (*capture)->stop();

  std::vector<int64_t> taken;
  for (const Stamped& event : topic_contents(broker.bootstrap(), "t", "lines"))
    taken.push_back(event.sequence);
  std::vector<int64_t> refused;
  for (const Stamped& event :
       topic_contents(broker.bootstrap(), settings.ship.failures_topic, "lines")) {
    refused.push_back(event.sequence);
    EXPECT_EQ(event.value, line_text(static_cast<int>(event.sequence), 5'000));
  }
  std::vector<int64_t> small;
  std::vector<int64_t> large;
  for (int line = 0; line < lines; ++line) (too_large(line) ? large : small).push_back(line);
  EXPECT_EQ(taken, small);
  EXPECT_EQ(refused, large);

  audit::EvidenceWriter evidence;
  const auto report = audit::run({.kafka = {.bootstrap_servers = broker.bootstrap()},
                                  .stores = {},
                                  .topics = {"t"},
                                  .failure_topics = {settings.ship.failures_topic},
                                  .captured = {}},
                                 evidence);
  ASSERT_TRUE(report) << report.error().message;
  ASSERT_EQ(report->stores.size(), 1u);
  const audit::Balance& balance = report->stores[0].sources[0].balance;
  EXPECT_EQ(balance.lost, 0u);
  EXPECT_EQ(balance.refused, large.size());
  EXPECT_EQ(balance.captured, static_cast<uint64_t>(lines));
}

}  // namespace
}  // namespace holdfast::pipeline
