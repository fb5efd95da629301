#include "broker/metrics.h"

#include <future>
#include <gtest/gtest.h>
#include <sstream>
#include <thread>

#include "base/os/clock.h"
#include "base/os/files.h"
#include "broker/broker.h"
#include "broker/client_for_tests.h"
#include "testing/temporary_folder.h"
#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/produce.h"
#include "wire/messages/sync_group.h"

namespace holdfast::broker {
namespace {

class Metrics : public ::testing::Test {
 protected:
  void start(BrokerLimits limits = {}) {
    BrokerSettings settings;
    settings.groups.initial_rebalance_delay_ms = 0;
    settings.data_folder = folder_.path();
    settings.listen.port = 0;
    settings.limits = limits;
    broker_ = Broker::start(settings).value();
  }
  std::string text() {
    std::promise<std::string> promise;
    broker_->metrics([&](std::string text) { promise.set_value(std::move(text)); });
    return promise.get_future().get();
  }
  /// Waits until the broker has counted it.
  void wait_for(const std::string& name, double least) {
    const int64_t until_us = os::stopwatch_us() + TestClient::patience_ms * 1000;
    while (value(name) < least && os::stopwatch_us() < until_us) std::this_thread::yield();
    EXPECT_GE(value(name), least);
  }
  /// The number behind a name with its labels.
  double value(const std::string& name) {
    const std::string all = "\n" + text();
    const size_t at = all.find("\n" + name + " ");
    EXPECT_NE(at, std::string::npos) << name;
    return at == std::string::npos ? -1 : std::stod(all.substr(at + name.size() + 2));
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Broker> broker_;
};

TEST_F(Metrics, CountWhatGoesInAndOut) {
  start();
  TestClient client(broker_->address());
  client.call<wire::CreateTopicsResponse>(create_topic("t", 1), 7);
  const ByteBuffer batch = make_batch({"a", "b", "c"});
  wire::ProduceRequest produce;
  produce.acks = -1;
  produce.timeout_ms = 20'000;
  produce.topic_data.push_back({"t", {}, {{0, batch}}});
  produce.topic_data.push_back({"nowhere", {}, {{0, batch}}});
  client.call<wire::ProduceResponse>(produce, 9);
  wire::FetchRequest fetch;
  fetch.topics.push_back(
      {"t", {}, {{.partition = 0, .partition_max_bytes = 1 << 20, .replica_directory_id = {}}}});
  client.call<wire::FetchResponse>(fetch, 12);

  const auto bytes = static_cast<double>(batch.size());
  EXPECT_EQ(value("kafka_server_brokertopicmetrics_messagesin_total"), 3);
  EXPECT_EQ(value("kafka_server_brokertopicmetrics_bytesin_total"), bytes);
  EXPECT_EQ(value("kafka_server_brokertopicmetrics_bytesout_total"), bytes);
  EXPECT_EQ(value("kafka_server_brokertopicmetrics_failedproducerequests_total"), 1);
  EXPECT_EQ(value("kafka_server_brokertopicmetrics_failedfetchrequests_total"), 0);
  EXPECT_EQ(value("kafka_network_requestmetrics_requests_total{request=\"Produce\"}"), 1);
  EXPECT_EQ(value("holdfast_request_seconds_count{request=\"Fetch\"}"), 1);
  EXPECT_EQ(value("kafka_log_log_logendoffset{topic=\"t\",partition=\"0\"}"), 3);
  EXPECT_EQ(value("kafka_server_socket_server_metrics_connection_count"), 1);
  EXPECT_GE(value("holdfast_log_flush_seconds_count"), 1);
  EXPECT_GE(value("holdfast_log_recent_bytes"), bytes);
  EXPECT_EQ(value("holdfast_log_writable"), 1);
  EXPECT_EQ(value("kafka_log_log_size{topic=\"t\",partition=\"0\"}"), bytes);
  EXPECT_EQ(value("holdfast_log_cleaner_jobs_total{work=\"compact\"}"), 0);
  EXPECT_EQ(value("kafka_log_logcleaner_deadthreadcount"), 0);
  EXPECT_EQ(value("kafka_log_logcleanermanager_time_since_last_run_ms"), -1);
}

TEST_F(Metrics, CountGroupsByTheirStatesWithOrWithoutOffsets) {
  start();
  TestClient client(broker_->address());
  client.call<wire::CreateTopicsResponse>(create_topic("t", 2), 7);
  wire::OffsetCommitRequest commit;  // of a group that has nothing else
  commit.group_id = "offsets";
  commit.topics.push_back({"t", {}, {{0, 1, -1, {}}, {1, 2, -1, {}}}});
  client.call<wire::OffsetCommitResponse>(commit, 2);
  const auto joined = client.call<wire::JoinGroupResponse>(join_group("members"), 3);
  ASSERT_EQ(joined.error_code, wire::ErrorCode::none);
  const std::string prefix = "kafka_coordinator_group_groupmetadatamanager_num";
  EXPECT_EQ(value(prefix + "groups"), 2);
  EXPECT_EQ(value(prefix + "groupsempty"), 1);
  EXPECT_EQ(value(prefix + "groupscompletingrebalance"), 1);
  EXPECT_EQ(value(prefix + "groupsstable"), 0);
  EXPECT_EQ(value(prefix + "offsets"), 2);
  const std::string member(joined.member_id);
  wire::SyncGroupRequest sync;
  sync.group_id = "members";
  sync.generation_id = joined.generation_id;
  sync.member_id = member;
  client.call<wire::SyncGroupResponse>(sync, 2);
  commit.group_id = "members";
  commit.generation_id_or_member_epoch = joined.generation_id;
  commit.member_id = member;
  client.call<wire::OffsetCommitResponse>(commit, 2);
  EXPECT_EQ(value(prefix + "groups"), 2);
  EXPECT_EQ(value(prefix + "groupsempty"), 1);
  EXPECT_EQ(value(prefix + "groupscompletingrebalance"), 0);
  EXPECT_EQ(value(prefix + "groupsstable"), 1);
  EXPECT_EQ(value(prefix + "offsets"), 4);
}

TEST_F(Metrics, CountWhoIsTurnedAwayAndWhy) {
  start({.connections_per_address_max = 1, .request_bytes_max = 100'000});
  TestClient only(broker_->address());
  only.call<wire::MetadataResponse>(wire::MetadataRequest{}, 12);
  EXPECT_TRUE(TestClient(broker_->address()).ended());
  EXPECT_EQ(value("holdfast_refused_total{reason=\"connections_per_address\"}"), 1);
  EXPECT_EQ(value("holdfast_refused_total{reason=\"connections\"}"), 0);

  const std::array<std::byte, 4> too_large{std::byte{0}, std::byte{2}, std::byte{0}, std::byte{0}};
  only.send_bytes(too_large);
  EXPECT_TRUE(only.ended());
  EXPECT_EQ(value("holdfast_refused_total{reason=\"request_size\"}"), 1);
  // Its place is free again.
  TestClient next(broker_->address());
  EXPECT_EQ(next.call<wire::MetadataResponse>(wire::MetadataRequest{}, 12).brokers.size(), 1u);
}

TEST_F(Metrics, CountWhoHasToWaitForHisOwnAnswers) {
  start({.in_flight_requests_max = 2});
  TestClient client(broker_->address());
  client.call<wire::CreateTopicsResponse>(create_topic("t", 1), 7);
  wire::FetchRequest fetch;  // is answered once something is produced
  fetch.max_wait_ms = TestClient::patience_ms;
  fetch.min_bytes = 1;
  fetch.topics.push_back(
      {"t", {}, {{.partition = 0, .partition_max_bytes = 1 << 20, .replica_directory_id = {}}}});
  const int32_t first = client.send(fetch, 12);
  for (int i = 0; i < 3; ++i) client.send(wire::MetadataRequest{}, 12);
  wait_for("holdfast_held_total{reason=\"in_flight\"}", 1);
  EXPECT_FALSE(client.something_to_read());

  TestClient other(broker_->address());  // is not made to wait
  const ByteBuffer batch = make_batch({"a"});
  wire::ProduceRequest produce;
  produce.acks = -1;
  produce.timeout_ms = 20'000;
  produce.topic_data.push_back({"t", {}, {{0, batch}}});
  other.call<wire::ProduceResponse>(produce, 9);
  EXPECT_EQ(client.receive<wire::FetchResponse>(12, first).responses.size(), 1u);
  for (int i = 1; i <= 3; ++i)
    EXPECT_EQ(client.receive<wire::MetadataResponse>(12, first + i).brokers.size(), 1u);
}

TEST_F(Metrics, CountWhoHasToWaitForMemory) {
  start({.request_bytes_max = 1'000'000, .requests_bytes_max = 1'000'000});
  const auto begun = [&](TestClient& client) {  // the size of a large request, and no more
    std::array<std::byte, 4> size;
    store_be<int32_t>(size.data(), 900'000);
    client.send_bytes(size);
  };
  TestClient first(broker_->address());
  begun(first);
  first.send_bytes(std::array<std::byte, 1>{});
  wait_for("holdfast_request_bytes_held", 900'000);
  auto second = std::make_unique<TestClient>(broker_->address());
  begun(*second);
  second->send_bytes(std::array<std::byte, 1>{});
  wait_for("holdfast_held_total{reason=\"memory\"}", 1);
  EXPECT_EQ(value("holdfast_request_bytes_held"), 900'000);
  TestClient other(broker_->address());  // small requests need none of it
  EXPECT_EQ(other.call<wire::MetadataResponse>(wire::MetadataRequest{}, 12).brokers.size(), 1u);
}

TEST_F(Metrics, CountWhoDoesNotReadHisAnswers) {
  start({.unsent_bytes_max = 100'000});
  TestClient client(broker_->address());
  client.call<wire::CreateTopicsResponse>(create_topic("t", 500), 7);
  wire::MetadataRequest all;
  all.topics.reset();
  constexpr int requests = 2000;  // far more bytes of answers than sockets hold
  std::thread sender([&] {
    for (int i = 0; i < requests; ++i) client.send(all, 12);
  });
  wait_for("holdfast_held_total{reason=\"slow_reader\"}", 1);
  for (int i = 0; i < requests; ++i) ASSERT_FALSE(client.receive_frame().empty()) << i;
  sender.join();
}

TEST_F(Metrics, AreAllInTheReference) {
  start();
  TestClient client(broker_->address());
  client.call<wire::MetadataResponse>(wire::MetadataRequest{}, 12);
  const std::string path = std::string(HOLDFAST_SOURCE_FOLDER) + "/docs/reference/metrics.md";
  const ByteBuffer page = os::read_file(os::real_files(), path, 1 << 20).value();
  std::istringstream lines(text());
  int families = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE ")) continue;
    std::istringstream words(line.substr(7));
    std::string name, type;
    words >> name >> type;
    EXPECT_NE(as_text(page).find("| `" + name + "` | " + type + " |"), std::string_view::npos)
        << name;
    ++families;
  }
  EXPECT_GT(families, 25);
}

}  // namespace
}  // namespace holdfast::broker
