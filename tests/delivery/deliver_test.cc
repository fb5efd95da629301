#include "pipeline/deliver.h"

#include <gtest/gtest.h>
#include <thread>

#include "kafka/admin.h"
#include "pipeline/stop_signal.h"
#include "tests/delivery/broker_process.h"
#include "tests/delivery/delivery.h"

namespace holdfast::pipeline {
namespace {

class DeliverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!broker_.start()) GTEST_SKIP() << "the program is not built";
    pipe_.warehouse = folder_.path() + "/warehouse.duckdb";
    pipe_.settings.name = "flights";
    pipe_.settings.kafka = broker_.client();
    pipe_.settings.topics = {"flights.ewr", "flights.jfk"};
    pipe_.settings.failure_topic = "failures";
    pipe_.settings.store = "warehouse";
    pipe_.settings.once = true;
    pipe_.settings.missing_topic_wait_ms = 100;
    pipe_.settings.retry_max_ms = 1'000;
  }
  /// Runs the pipeline to its end.
  DeliverProgress run() {
    auto deliver = make(pipe_);
    const Status status = deliver->run();
    EXPECT_TRUE(status) << status.error().message;
    return deliver->progress();
  }
  Error run_to_error() {
    const Status status = make(pipe_)->run();
    EXPECT_FALSE(status);
    return status ? Error{} : status.error();
  }
  kafka::ClientSettings client() const { return broker_.client(); }

  testing::TemporaryFolder folder_;
  BrokerProcess broker_;
  Pipe pipe_;
};

std::multiset<std::string> together(std::multiset<std::string> a,
                                    const std::multiset<std::string>& b) {
  a.insert(b.begin(), b.end());
  return a;
}

TEST_F(DeliverTest, EachEventOfTwoTopicsIsOneRowAndASecondRunAddsNothing) {
  send(client(), "flights.ewr", numbered("ewr", 0, 30'000));
  send(client(), "flights.jfk", numbered("jfk", 0, 5'000));
  const DeliverProgress first = run();
  EXPECT_EQ(first.consumed, 35'000u);
  EXPECT_EQ(first.applied, 31'500u);
  EXPECT_EQ(first.filtered, 3'500u);
  EXPECT_EQ(first.lag(), 0);
  EXPECT_EQ(first.state, DeliverProgress::State::ended);
  const auto all = together(expected("ewr", 0, 30'000), expected("jfk", 0, 5'000));
  EXPECT_EQ(rows_of(pipe_.warehouse), all);
  EXPECT_EQ(run().consumed, 0u);
  send(client(), "flights.ewr", numbered("ewr", 30'000, 30'010));
  EXPECT_EQ(run().consumed, 10u);
  EXPECT_EQ(rows_of(pipe_.warehouse), together(all, expected("ewr", 30'000, 30'010)));
}

TEST_F(DeliverTest, DoublesInTheTopicAreAbsorbed) {
  std::vector<Sent> events = numbered("ewr", 0, 1'000);
  const std::vector<Sent> again = numbered("ewr", 400, 600);
  events.insert(events.end(), again.begin(), again.end());
  send(client(), "flights.ewr", events);
  send(client(), "flights.jfk", numbered("ewr", 990, 1'001));  // the same source by another topic
  const DeliverProgress progress = run();
  EXPECT_EQ(progress.superseded, 180u + 9u);
  EXPECT_EQ(rows_of(pipe_.warehouse), expected("ewr", 0, 1'001));
}

TEST_F(DeliverTest, PoisonGoesToTheFailureQueueWithItsCauseAndTheRestGoesOn) {
  std::vector<Sent> events = numbered("ewr", 0, 10'000);
  events[5'000].payload = R"({"n":"five thousand"})";
  events[6'000].payload = "{";
  send(client(), "flights.ewr", events);
  send_foreign(
      client(), "flights.jfk", "{}",
      {{"ce_source", "jfk"}, {"ce_epoch", "one"}, {"ce_sequence", "0"}, {"ce_specversion", "1.0"}});
  const DeliverProgress progress = run();
  EXPECT_EQ(progress.rejected, 3u);
  auto rows = expected("ewr", 0, 10'000);
  for (const int64_t bad : {5'000, 6'000}) rows.erase(*expected("ewr", bad, bad + 1).begin());
  EXPECT_EQ(rows_of(pipe_.warehouse), rows);
  const std::vector<Failure> found = failures_of(client(), "failures");
  const auto has = [&](const Failure& failure) {
    return std::ranges::find(found, failure) != found.end();
  };
  EXPECT_EQ(found.size(), 3u);
  EXPECT_TRUE(has({"ewr", 5'000, "payload", R"({"n":"five thousand"})"}));
  EXPECT_TRUE(has({"ewr", 6'000, "payload", "{"}));
  EXPECT_TRUE(has({"kafka:flights.jfk/0", 0, "envelope", "{}"}));
}

TEST_F(DeliverTest, MessagesWithoutAStampGetOneFromTheirPlace) {
  send_foreign(client(), "flights.ewr", R"({"n":5})");
  send_foreign(client(), "flights.ewr", R"({"n":6})", {{"other", "header"}});
  send(client(), "flights.jfk", {});
  EXPECT_EQ(run().applied, 2u);
  EXPECT_EQ(
      rows_of(pipe_.warehouse),
      (std::multiset<std::string>{"kafka:flights.ewr/0/0/0 5 a text beyond twelve bytes: 5",
                                  "kafka:flights.ewr/0/0/1 6 a text beyond twelve bytes: 6"}));
}

TEST_F(DeliverTest, ATopicThatDoesNotExistIsAnErrorThatNamesIt) {
  send(client(), "flights.ewr", numbered("ewr", 0, 10));
  const Error error = run_to_error();
  EXPECT_EQ(error.code, ErrorCode::not_found);
  EXPECT_NE(error.message.find("flights.jfk"), std::string::npos);
}

TEST_F(DeliverTest, APositionThatTheTopicDoesNotKeepIsAnErrorAndTheOtherTopicGoesOn) {
  send(client(), "flights.ewr", numbered("ewr", 0, 1'000));
  send(client(), "flights.jfk", numbered("jfk", 0, 10));
  run();
  auto admin = std::move(*kafka::Admin::create(client()));
  ASSERT_TRUE(admin->delete_topic("flights.ewr", 10'000));
  send(client(), "flights.ewr", numbered("ewr", 1'000, 1'010));  // made anew: offsets begin at 0
  send(client(), "flights.jfk", numbered("jfk", 10, 20));
  const Error error = run_to_error();
  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_NE(error.message.find("flights.ewr/0"), std::string::npos) << error.message;
  EXPECT_EQ(rows_of(pipe_.warehouse), together(expected("ewr", 0, 1'000), expected("jfk", 0, 20)));
}

/// Waits for a state of a running pipeline; the test's own time-out bounds it.
template <class Predicate>
void wait_until(const Deliver& deliver, Predicate&& predicate) {
  StopSignal never;
  while (!predicate(deliver.progress())) never.sleep(5);
}

TEST_F(DeliverTest, WaitsForTopicsAndPicksUpNewPartitions) {
  pipe_.settings.once = false;
  pipe_.settings.refresh_ms = 50;
  auto deliver = make(pipe_);
  std::jthread running([&] { EXPECT_TRUE(deliver->run()); });
  using State = DeliverProgress::State;
  wait_until(*deliver,
             [](const DeliverProgress& p) { return p.state == State::waiting_for_topics; });
  send(client(), "flights.ewr", numbered("ewr", 0, 100));
  std::vector<Sent> spread = numbered("jfk", 0, 100);
  for (Sent& sent : spread) sent.partition = static_cast<int32_t>(sent.sequence % 4);
  send(client(), "flights.jfk", spread, 4);
  wait_until(*deliver, [](const DeliverProgress& p) {
    return p.applied == 180 && p.state == State::running;
  });
  deliver->finish();
  running.join();
  EXPECT_EQ(rows_of(pipe_.warehouse), together(expected("ewr", 0, 100), expected("jfk", 0, 100)));
}

TEST_F(DeliverTest, TellsHowFarItIsBehindFromTheBeginning) {
  constexpr int64_t events = 5'000;
  send(client(), "flights.ewr", numbered("ewr", 0, events));
  pipe_.settings.topics = {"flights.ewr"};
  pipe_.settings.once = false;
  pipe_.settings.batch_events_max = 50;
  pipe_.settings.refresh_ms = 100;
  auto deliver = make(pipe_);
  std::jthread running([&] { EXPECT_TRUE(deliver->run()); });
  bool told = false;
  wait_until(*deliver, [&](const DeliverProgress& p) {
    if (p.partitions.empty()) return false;
    const DeliverProgress::Partition& partition = p.partitions.front();
    told |= partition.next_offset < events / 2 && partition.end_offset == events;
    return partition.next_offset == events;
  });
  deliver->stop();
  EXPECT_TRUE(told);
}

TEST_F(DeliverTest, ABrokerThatDiesAndComesBackIsWaitedFor) {
  pipe_.settings.once = false;
  pipe_.settings.refresh_ms = 200;
  send(client(), "flights.ewr", numbered("ewr", 0, 100));
  send(client(), "flights.jfk", numbered("jfk", 0, 100));
  auto deliver = make(pipe_);
  std::jthread running([&] { EXPECT_TRUE(deliver->run()); });
  wait_until(*deliver, [](const DeliverProgress& p) { return p.applied == 180; });
  broker_.kill_hard();
  wait_until(*deliver, [](const DeliverProgress& p) {
    return p.state == DeliverProgress::State::waiting_for_kafka;
  });
  ASSERT_TRUE(broker_.start());
  send(client(), "flights.ewr", numbered("ewr", 100, 200));
  wait_until(*deliver, [](const DeliverProgress& p) { return p.applied == 270; });
  deliver->stop();
  running.join();
  EXPECT_EQ(rows_of(pipe_.warehouse), together(expected("ewr", 0, 200), expected("jfk", 0, 100)));
}

TEST_F(DeliverTest, SmallBatchesOfBothTopicsGiveTheSameRows) {
  pipe_.settings.batch_events_max = 7;
  send(client(), "flights.ewr", numbered("ewr", 0, 200));
  send(client(), "flights.jfk", numbered("jfk", 0, 200));
  EXPECT_GE(run().batches, 50u);
  EXPECT_EQ(rows_of(pipe_.warehouse), together(expected("ewr", 0, 200), expected("jfk", 0, 200)));
}

}  // namespace
}  // namespace holdfast::pipeline
