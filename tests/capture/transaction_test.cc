// What only transactions can keep: late requests of a dead predecessor, commits whose outcome
// nobody was told, and topics that others write to as well. Against the broker of this tree and
// against Apache Kafka.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <signal.h>

#include "children.h"
#include "kafka/admin.h"
#include "kafka/decided.h"
#include "kafka/interop/real_kafka.h"
#include "kafka/producer.h"

namespace holdfast::pipeline {
namespace {

constexpr int wait_ms = 20'000;

std::string line_text(int line) {
  return "{\"line\":" + std::to_string(line) + "}";
}

void write_lines(const std::string& path, int lines, int from = 0) {
  std::ofstream to(path, std::ios::app);
  for (int line = from; line < lines; ++line) to << line_text(line) << "\n";
}

void expect_lines_once(const std::string& bootstrap, const std::string& topic, int lines) {
  // Kafka answers a commit before it shows.
  const kafka::TopicPartition partition{topic, 0};
  const auto admin = kafka::Admin::create({.bootstrap_servers = bootstrap});
  ASSERT_TRUE(kafka::wait_until_decided(**admin, {&partition, 1}, wait_ms));
  std::vector<std::string> found, expected;
  for (const Stamped& event : topic_contents(bootstrap, topic, "lines")) {
    EXPECT_EQ(event.sequence, static_cast<int64_t>(found.size()));
    found.push_back(event.value);
  }
  for (int line = 0; line < lines; ++line) expected.push_back(line_text(line));
  EXPECT_EQ(found, expected);
}

/// Somebody who writes events of the stream "lines" in transactions, outside of any spool.
class Writer {
 public:
  Writer(const std::string& bootstrap, const std::string& transactional_id)
      : producer_(*kafka::Producer::create({.bootstrap_servers = bootstrap},
                                           {.transactional_id = transactional_id})) {
    EXPECT_TRUE(producer_->init_transactions(wait_ms).done());
  }
  void begin() { EXPECT_TRUE(producer_->begin_transaction().done()); }
  Status send(const std::string& topic, const std::string& source, int64_t epoch,
              int64_t sequence) {
    return send_stamped(*producer_, topic, 0, {source, epoch, sequence},
                        line_text(static_cast<int>(sequence)));
  }
  /// The last outcome.
  kafka::DeliveryOutcome arrive() {
    auto outcome = kafka::DeliveryOutcome::unknown;
    for (const kafka::Delivery& delivery : producer_->flush(wait_ms)) outcome = delivery.outcome;
    return outcome;
  }
  kafka::TransactionOutcome commit() { return producer_->commit_transaction(wait_ms).outcome; }
  kafka::TransactionOutcome abort() { return producer_->abort_transaction(wait_ms).outcome; }

 private:
  std::unique_ptr<kafka::Producer> producer_;
};

struct SpoolName {
  std::string identity;
  int64_t epoch = 0;
};
/// Makes the spool, as a predecessor would have left it.
SpoolName make_spool(const std::string& folder) {
  auto spool = spool::Spool::open(os::real_files(), os::real_clock(),
                                  {.folder = folder, .bytes_max = 8 << 20});
  EXPECT_TRUE(spool) << spool.error().message;
  const auto id = (*spool)->open_source("lines");
  return {(*spool)->identity(), (*spool)->source(*id).epoch};
}

void late_requests_are_fenced(const std::string& bootstrap, const std::string& topic) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/lines.jsonl";
  constexpr int lines = 300;
  write_lines(file, lines);
  const SpoolName spool = make_spool(folder.path() + "/spool");
  auto admin = kafka::Admin::create({.bootstrap_servers = bootstrap});
  ASSERT_TRUE((*admin)->ensure_topic({.name = topic, .configs = {}}, wait_ms));

  Writer predecessor(bootstrap, "holdfast.ship." + spool.identity + ".0");
  predecessor.begin();
  for (int64_t sequence = 0; sequence < 100; ++sequence)
    ASSERT_TRUE(predecessor.send(topic, "lines", spool.epoch, sequence));
  ASSERT_EQ(predecessor.arrive(), kafka::DeliveryOutcome::delivered) << "it has to be in the topic";

  Child successor;
  successor.start({"--capture", folder.path() + "/spool", bootstrap, topic, file});
  ASSERT_EQ(successor.wait(), 0);
  expect_lines_once(bootstrap, topic, lines);

  // Its requests come in only now.
  static_cast<void>(predecessor.send(topic, "lines", spool.epoch, 100).has_value());
  EXPECT_NE(predecessor.arrive(), kafka::DeliveryOutcome::delivered);
  EXPECT_NE(predecessor.commit(), kafka::TransactionOutcome::done);
  expect_lines_once(bootstrap, topic, lines);
}

void what_others_have_open_hides_nothing(const std::string& bootstrap, const std::string& topic) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/lines.jsonl";
  constexpr int lines = 300;
  constexpr int64_t shipped = 100;
  write_lines(file, lines);
  const SpoolName spool = make_spool(folder.path() + "/spool");
  auto admin = kafka::Admin::create({.bootstrap_servers = bootstrap});
  ASSERT_TRUE((*admin)->ensure_topic({.name = topic, .configs = {}}, wait_ms));
  Writer other(bootstrap, topic + "-other");
  other.begin();
  ASSERT_TRUE(other.send(topic, "others", 1, 0));
  ASSERT_EQ(other.arrive(), kafka::DeliveryOutcome::delivered);

  // The predecessor died when its transaction was committed, behind the open one, and nobody noted
  // it.
  Writer predecessor(bootstrap, "holdfast.ship." + spool.identity + ".0");
  predecessor.begin();
  for (int64_t sequence = 0; sequence < shipped; ++sequence)
    ASSERT_TRUE(predecessor.send(topic, "lines", spool.epoch, sequence));
  ASSERT_EQ(predecessor.commit(), kafka::TransactionOutcome::done);

  auto capture = Capture::start(os::real_files(), os::real_clock(),
                                capture_settings(folder.path() + "/spool", bootstrap),
                                one_source(file, topic, true));
  ASSERT_TRUE(capture) << capture.error().message;
  wait_until([&] { return (*capture)->progress().ship.trouble.has_value(); },
             "it to find that it cannot see what is in the topic");
  EXPECT_EQ((*capture)->progress().ship.trouble->code, ErrorCode::timeout);
  EXPECT_EQ((*capture)->progress().ship.sent, 0u);
  ASSERT_EQ(other.abort(), kafka::TransactionOutcome::done);
  wait_until([&] { return (*capture)->progress().finished(); }, "everything to be shipped");
  EXPECT_EQ((*capture)->progress().ship.skipped, static_cast<uint64_t>(shipped));
  (*capture)->stop();
  expect_lines_once(bootstrap, topic, lines);
}

TEST(ShipTransaction, RequestsOfADeadPredecessorThatComeInLateChangeNothing) {
  BrokerChild broker;
  broker.start();
  late_requests_are_fenced(broker.bootstrap(), "t");
}

TEST(ShipTransaction, AnOpenTransactionOfAnotherDoesNotHideWhatWasCommittedBehindIt) {
  BrokerChild broker;
  broker.start();
  what_others_have_open_hides_nothing(broker.bootstrap(), "t");
}

TEST(ShipTransaction, ThoseOfThisProcessMayShareATopicWhileItsProducersAreMadeAnew) {
  const testing::TemporaryFolder folder;
  constexpr int lines = 200;
  constexpr size_t sources = 6;  // more than there are transactional ids
  std::vector<CaptureSource> captured;
  for (size_t i = 0; i < sources; ++i) {
    const std::string file = folder.path() + "/" + std::to_string(i);
    write_lines(file, lines);
    auto source = one_source(file, "shared", true);
    source[0].name = "source" + std::to_string(i);
    source[0].partitions = 3;
    captured.push_back(std::move(source[0]));
  }
  BrokerChild broker;
  broker.start();
  auto capture = Capture::start(os::real_files(), os::real_clock(),
                                capture_settings(folder.path() + "/spool", broker.bootstrap()),
                                std::move(captured));
  ASSERT_TRUE(capture) << capture.error().message;
  broker.kill_hard();
  broker.start();
  wait_until([&] { return (*capture)->progress().finished(); }, "everything to be shipped");
  (*capture)->stop();
  std::map<std::pair<std::string, std::string>, int> found;
  for (const kafka::Seen& seen :
       kafka::read_all({.bootstrap_servers = broker.bootstrap()}, "shared", 3)) {
    std::string source;
    for (const auto& [name, value] : seen.headers)
      if (name == "ce_source") source = *value;
    ++found[{source, *seen.value}];
  }
  EXPECT_EQ(found.size(), sources * lines);
  for (const auto& [event, count] : found) ASSERT_EQ(count, 1) << event.first << event.second;
}

class BrokerKilledInCommit : public ::testing::TestWithParam<const char*> {};

TEST_P(BrokerKilledInCommit, TheOutcomeIsReadNotGuessed) {
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/lines.jsonl";
  constexpr int lines = 500;
  write_lines(file, lines);
  BrokerChild broker;
  broker.start(GetParam());
  Child capture;
  capture.start({"--capture", folder.path() + "/spool", broker.bootstrap(), "t", file});
  ASSERT_EQ(broker.wait(), -SIGKILL);
  broker.start();
  ASSERT_EQ(capture.wait(), 0);
  expect_lines_once(broker.bootstrap(), "t", lines);
}

INSTANTIATE_TEST_SUITE_P(Points, BrokerKilledInCommit,
                         ::testing::Values("broker.transaction_prepared:1",
                                           "broker.transaction_marked:1"),
                         [](const auto& point) { return std::to_string(point.index); });

TEST(ShipToApacheKafka, LateRequestsAndOpenTransactionsOfOthers) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  late_requests_are_fenced(kafka.client().bootstrap_servers, kafka::fresh_topic_name());
  what_others_have_open_hides_nothing(kafka.client().bootstrap_servers, kafka::fresh_topic_name());
}

TEST(ShipToApacheKafka, EveryLineIsThereOnceHoweverOftenTheProcessAndTheBrokerDie) {
  HOLDFAST_NEEDS_KAFKA(kafka);
  if (kafka.is_external()) GTEST_SKIP() << "not our broker to kill";
  const testing::TemporaryFolder folder;
  const std::string file = folder.path() + "/lines.jsonl";
  const std::string topic = kafka::fresh_topic_name();
  constexpr int lines = 2'000;
  write_lines(file, lines / 2);
  const std::vector<std::string> words = {"--capture", folder.path() + "/spool",
                                          kafka.client().bootstrap_servers, topic, file};
  for (const char* fault : {"ship.after_send:3", "ship.before_commit:1", "ship.after_fence:1",
                            "ship.after_commit:1", "ship.after_mark:1"}) {
    Child child;
    child.start(words, fault);
    ASSERT_EQ(child.wait(), -SIGKILL) << fault << " must have fired";
  }
  write_lines(file, lines, lines / 2);
  Child last;
  last.start(words);
  kafka.kill_hard();
  ASSERT_TRUE(kafka.start());
  ASSERT_EQ(last.wait(), 0);
  expect_lines_once(kafka.client().bootstrap_servers, topic, lines);
}

}  // namespace
}  // namespace holdfast::pipeline
