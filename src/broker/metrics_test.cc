#include "broker/metrics.h"

#include <future>
#include <gtest/gtest.h>

#include "broker/broker.h"
#include "broker/client_for_tests.h"
#include "testing/temporary_folder.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

namespace holdfast::broker {
namespace {

class Metrics : public ::testing::Test {
 protected:
  void start(uint32_t from_one_address = INT32_MAX) {
    BrokerSettings settings;
    settings.data_folder = folder_.path();
    settings.listen.port = 0;
    settings.limits.connections_per_address_max = from_one_address;
    settings.limits.request_bytes_max = 100'000;
    broker_ = Broker::start(settings).value();
  }
  /// The number behind a name with its labels.
  double value(const std::string& name) {
    std::promise<std::string> promise;
    broker_->metrics([&](std::string text) { promise.set_value(std::move(text)); });
    const std::string text = "\n" + promise.get_future().get();
    const size_t at = text.find("\n" + name + " ");
    EXPECT_NE(at, std::string::npos) << name;
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Broker> broker_;
};

TEST_F(Metrics, CountWhatGoesInAndOut) {
  start();
  TestClient client(broker_->address());
  wire::CreateTopicsRequest create;
  create.topics.push_back({.name = "t", .num_partitions = 1, .assignments = {}, .configs = {}});
  create.topics[0].replication_factor = 1;
  client.call<wire::CreateTopicsResponse>(create, 7);
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
  EXPECT_EQ(value("holdfast_log_writable"), 1);
}

TEST_F(Metrics, CountWhoIsTurnedAwayAndWhy) {
  start(1);
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

}  // namespace
}  // namespace holdfast::broker
