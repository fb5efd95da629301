#include <gtest/gtest.h>

#include "broker/api_table.h"
#include "broker/broker.h"
#include "broker/client_for_tests.h"
#include "testing/simulated_disk.h"
#include "testing/temporary_folder.h"
#include "wire/messages/api_versions.h"
#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;

BrokerSettings settings_in(const std::string& folder) {
  BrokerSettings settings;
  settings.data_folder = folder;
  settings.listen.port = 0;
  settings.segment_bytes = 1u << 20;
  return settings;
}

class BadInput : public ::testing::Test {
 protected:
  BadInput() { start(settings_in(folder_.path() + "/data")); }

  void start(const BrokerSettings& settings) {
    broker_.reset();
    auto started = Broker::start(settings);
    EXPECT_TRUE(started.has_value());
    broker_ = std::move(*started);
  }

  /// Sends the bytes; the broker must end this connection and go on serving others.
  void expect_ended(ByteView bytes) {
    TestClient client(broker_->address());
    client.send_bytes(bytes);
    EXPECT_TRUE(client.ended());
    expect_alive();
  }
  void expect_alive() {
    TestClient other(broker_->address());
    EXPECT_EQ(other.call<wire::MetadataResponse>(wire::MetadataRequest{}, 12).brokers.size(), 1u);
  }
  static ByteBuffer frame(int32_t size, int16_t key, int16_t version) {
    ByteBuffer bytes(14);
    store_be(bytes.data(), size);
    store_be(bytes.data() + 4, key);
    store_be(bytes.data() + 6, version);
    store_be(bytes.data() + 8, int32_t{77});
    store_be(bytes.data() + 12, int16_t{-1});
    return bytes;
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<Broker> broker_;
};

TEST_F(BadInput, ImpossibleSizesEndTheConnection) {
  for (const int32_t size : {-1, INT32_MIN, 0, 1, 7, INT32_MAX, (100 << 20) + 1}) {
    SCOPED_TRACE(size);
    expect_ended(frame(size, 3, 12));
  }
}

TEST_F(BadInput, UnknownApisAndVersionsEndTheConnection) {
  expect_ended(frame(10, 9999, 0));
  expect_ended(frame(10, -1, 0));
  expect_ended(frame(10, 3, 99));
  expect_ended(frame(10, 1, 3));
  expect_ended(frame(10, 3, -1));
  expect_ended(frame(10, 11, 5));  // JoinGroup: known to the wire, not served
}

TEST_F(BadInput, AnUnknownVersionOfApiVersionsIsAnsweredInVersionZero) {
  TestClient client(broker_->address());
  client.send_bytes(frame(10, 18, 99));
  const auto response = client.receive<wire::ApiVersionsResponse>(0, 77);
  EXPECT_EQ(response.error_code, Code::unsupported_version);
  EXPECT_EQ(response.api_keys.size(), served_apis().size());
  const auto again = client.call<wire::ApiVersionsResponse>(
      wire::ApiVersionsRequest{.client_software_name = "test", .client_software_version = "1"}, 4);
  EXPECT_EQ(again.error_code, Code::none) << "the connection goes on";
}

TEST_F(BadInput, ABodyThatIsCutShortEndsTheConnection) {
  wire::MetadataRequest request;
  request.topics.emplace().push_back({{}, "some-topic"});
  const ByteBuffer whole = wire::encode_request(request, 12, 1, "c").flattened();
  for (size_t length = 8 + 4; length < whole.size() - 1; length += 3) {
    ByteBuffer cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));
    store_be(cut.data(), static_cast<int32_t>(length - 4));
    SCOPED_TRACE(length);
    expect_ended(cut);
  }
}

TEST_F(BadInput, NegativeAndHugeCountsInABodyEndTheConnection) {
  for (const int32_t count : {-2, INT32_MIN, INT32_MAX, 100'000}) {
    ByteBuffer bytes = frame(14, 3, 1);
    const size_t at = bytes.size();
    bytes.resize(at + 4);
    store_be(bytes.data() + at, count);
    SCOPED_TRACE(count);
    expect_ended(bytes);
  }
}

TEST_F(BadInput, ARequestMayComeByteByByteOrManyAtOnce) {
  const auto request = wire::encode_request(wire::MetadataRequest{}, 12, 5, "slow").flattened();
  TestClient client(broker_->address());
  for (const std::byte byte : request) client.send_bytes({&byte, 1});
  EXPECT_EQ(client.receive<wire::MetadataResponse>(12, 5).brokers.size(), 1u);
  ByteBuffer many;
  constexpr int count = 20'000;  // more than one receive buffer, more than may be in flight
  for (int32_t i = 0; i < count; ++i) {
    append(many, wire::encode_request(wire::MetadataRequest{}, 12, i, "fast").flattened());
  }
  client.send_bytes(many);
  for (int32_t i = 0; i < count; ++i) {
    ASSERT_EQ(client.receive<wire::MetadataResponse>(12, i).brokers.size(), 1u);
  }
}

TEST_F(BadInput, AConnectionThatEndsWithinARequestLeavesNothingBehind) {
  for (int i = 0; i < 50; ++i) {
    TestClient client(broker_->address());
    client.send_bytes(frame(90 << 20, 0, 9));  // 90 MB announced, 10 bytes sent
  }
  expect_alive();
}

TEST_F(BadInput, MoreConnectionsThanAllowedAreRefusedAndRoomComesBack) {
  auto settings = settings_in(folder_.path() + "/few");
  settings.limits.connections_max = 2;
  start(settings);
  auto first = std::make_unique<TestClient>(broker_->address());
  first->call<wire::MetadataResponse>(wire::MetadataRequest{}, 12);
  TestClient second(broker_->address());
  second.call<wire::MetadataResponse>(wire::MetadataRequest{}, 12);
  TestClient third(broker_->address());
  EXPECT_TRUE(third.ended());
  first.reset();
  second.call<wire::MetadataResponse>(wire::MetadataRequest{},
                                      12);  // the loop has seen the end of the first
  TestClient fourth(broker_->address());
  EXPECT_EQ(fourth.call<wire::MetadataResponse>(wire::MetadataRequest{}, 12).brokers.size(), 1u);
}

TEST_F(BadInput, AReaderThatDoesNotReadIsNotReadFromEither) {
  auto settings = settings_in(folder_.path() + "/slow");
  settings.limits.unsent_bytes_max = 1 << 20;
  start(settings);
  TestClient client(broker_->address());
  wire::MetadataRequest create;
  create.topics.emplace().push_back({{}, "t"});
  client.call<wire::MetadataResponse>(create, 8);
  const ByteBuffer batch = make_batch({std::string(500'000, 'x')});
  wire::ProduceRequest produce;
  produce.acks = -1;
  produce.timeout_ms = 30'000;
  produce.topic_data.push_back({"t", {}, {{0, batch}}});
  client.call<wire::ProduceResponse>(produce, 9);
  wire::FetchRequest fetch;
  fetch.min_bytes = 1;
  fetch.topics.push_back({"t", {}, {{}}});
  fetch.topics[0].partitions[0].partition_max_bytes = 1 << 20;
  constexpr int count = 100;
  for (int i = 0; i < count; ++i) client.send(fetch, 11);
  expect_alive();  // with 50 MB of answers wanted by somebody who does not take them yet
  for (int32_t i = 0; i < count; ++i) {
    const auto response = client.receive<wire::FetchResponse>(11, i + 3);
    ASSERT_EQ(response.responses.at(0).partitions.at(0).records.size(), batch.size()) << i;
  }
}

TEST_F(BadInput, IdleConnectionsAreEndedAndSoAreThoseThatOweTheRestOfARequest) {
  auto settings = settings_in(folder_.path() + "/idle");
  settings.limits.idle_timeout_ms = 500;
  start(settings);
  TestClient idle(broker_->address());
  idle.call<wire::MetadataResponse>(wire::MetadataRequest{}, 12);
  TestClient owing(broker_->address());
  owing.send_bytes(frame(1000, 3, 12));
  EXPECT_TRUE(idle.ended());
  EXPECT_TRUE(owing.ended());
}

TEST_F(BadInput, LargeRequestsShareABoundedMemoryAndAreServedInTurn) {
  auto settings = settings_in(folder_.path() + "/memory");
  settings.limits.requests_bytes_max = 2 << 20;
  start(settings);
  wire::MetadataRequest create;
  create.topics.emplace().push_back({{}, "t"});
  TestClient(broker_->address()).call<wire::MetadataResponse>(create, 8);
  wire::ProduceRequest produce;
  produce.acks = -1;
  produce.timeout_ms = 30'000;
  const ByteBuffer batch = make_batch({std::string(300'000, 'x')});
  for (int i = 0; i < 4; ++i) produce.topic_data.push_back({"t", {}, {{0, batch}}});
  const ByteBuffer whole = wire::encode_request(produce, 9, 1, "c").flattened();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<TestClient>(broker_->address()));
    clients.back()->send_bytes(ByteView(whole).first(100));  // only one of them fits at a time
  }
  for (auto& client : clients) client->send_bytes(ByteView(whole).subspan(100));
  for (auto& client : clients) {
    const auto response = client->receive<wire::ProduceResponse>(9, 1);
    ASSERT_EQ(response.responses.size(), 4u);
    EXPECT_EQ(response.responses.at(3).partition_responses.at(0).error_code, Code::none);
  }
}

TEST_F(BadInput, AStopAnswersTheFetchesThatWait) {
  wire::MetadataRequest create;
  create.topics.emplace().push_back({{}, "t"});
  TestClient client(broker_->address());
  client.call<wire::MetadataResponse>(create, 8);
  wire::FetchRequest fetch;
  fetch.max_wait_ms = 600'000;
  fetch.min_bytes = 1;
  fetch.topics.push_back({"t", {}, {{}}});
  client.send(fetch, 11);
  EXPECT_TRUE(broker_->stop().has_value());
  // Whether the request came before the stop is the network's business; an answer, if there is one,
  // is whole.
  const ByteBuffer answer = client.receive_frame();
  if (!answer.empty()) {
    EXPECT_EQ(load_be<int32_t>(answer.data()), 2);
  }
  EXPECT_TRUE(client.ended());
}

TEST(BrokerStart, RefusesToBeReachedFromOtherMachinesUnasked) {
  testing::TemporaryFolder folder;
  auto settings = settings_in(folder.path());
  settings.listen.host = "0.0.0.0";
  const auto refused = Broker::start(settings);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  settings.insecure = true;
  EXPECT_TRUE(Broker::start(settings).has_value());
}

TEST(BrokerStart, AFolderInUseIsNamedAsLocked) {
  testing::TemporaryFolder folder;
  const auto first = Broker::start(settings_in(folder.path()));
  ASSERT_TRUE(first.has_value());
  const auto second = Broker::start(settings_in(folder.path()));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::locked);
}

TEST(BrokerStart, TheClusterIdIsMadeOnce) {
  testing::TemporaryFolder folder;
  std::string id;
  for (int round = 0; round < 3; ++round) {
    const auto broker = Broker::start(settings_in(folder.path()));
    ASSERT_TRUE(broker.has_value());
    if (round == 0) id = (*broker)->cluster_id();
    EXPECT_EQ((*broker)->cluster_id(), id);
    EXPECT_EQ(id.size(), 22u);
  }
}

class FullDisk : public ::testing::Test {
 protected:
  static wire::ProduceRequest request(ByteView batch, int32_t timeout_ms) {
    wire::ProduceRequest produce;
    produce.acks = -1;
    produce.timeout_ms = timeout_ms;
    produce.topic_data.push_back({"t", {}, {{0, batch}}});
    return produce;
  }
  static Code code_of(const wire::ProduceResponse& response) {
    return response.responses.at(0).partition_responses.at(0).error_code;
  }
};

TEST_F(FullDisk, RefusesRetriablyLosesNothingAndGoesOnWhenSpaceReturns) {
  testing::SimulatedDisk disk(1);
  auto settings = settings_in("/data");
  auto broker = Broker::start(settings, disk);
  ASSERT_TRUE(broker.has_value()) << broker.error().message;
  TestClient client((*broker)->address());
  wire::MetadataRequest create;
  create.topics.emplace().push_back({{}, "t"});
  ASSERT_EQ(client.call<wire::MetadataResponse>(create, 8).topics.at(0).error_code, Code::none);

  std::vector<std::string> acknowledged;
  const auto produce = [&](int i) {
    const std::string value = std::to_string(i) + std::string(100'000, 'x');
    const ByteBuffer batch = make_batch({value});
    const Code code = code_of(client.call<wire::ProduceResponse>(request(batch, 100), 9));
    if (code == Code::none) acknowledged.push_back(value);
    return code;
  };
  for (int i = 0; i < 5; ++i) ASSERT_EQ(produce(i), Code::none);
  disk.set_space(disk.bytes_used());
  std::set<Code> refusals;
  for (int i = 5; i < 60; ++i) {
    if (const Code code = produce(i); code != Code::none) refusals.insert(code);
  }
  EXPECT_TRUE(refusals.contains(Code::kafka_storage_error));
  refusals.erase(Code::kafka_storage_error);
  refusals.erase(Code::request_timed_out);  // what was under way when the disk filled up
  EXPECT_TRUE(refusals.empty());

  disk.set_space(UINT64_MAX);
  int next = 1000;
  while (produce(next) != Code::none) ++next;  // the log tries again by itself

  ASSERT_TRUE((*broker)->stop().has_value());
  disk.power_on();
  broker = Broker::start(settings, disk);
  ASSERT_TRUE(broker.has_value()) << broker.error().message;
  TestClient reader((*broker)->address());
  std::vector<std::string> found;
  for (int64_t offset = 0;;) {
    wire::FetchRequest fetch;
    fetch.topics.push_back({"t", {}, {{}}});
    fetch.topics[0].partitions[0].fetch_offset = offset;
    fetch.topics[0].partitions[0].partition_max_bytes = 1 << 20;
    const auto response = reader.call<wire::FetchResponse>(fetch, 11);
    ByteBuffer bytes;
    for (const ByteView part : response.responses.at(0).partitions.at(0).records.parts)
      append(bytes, part);
    const auto some = values_in(bytes, offset);
    if (some.empty()) break;
    found.insert(found.end(), some.begin(), some.end());
    offset += static_cast<int64_t>(some.size());
  }
  size_t at = 0;
  for (const std::string& value : found)
    at += at < acknowledged.size() && value == acknowledged[at] ? 1 : 0;
  EXPECT_EQ(at, acknowledged.size())
      << "all that was acknowledged, in order; what timed out may be there, too";
}

TEST(FailedDisk, NothingIsAcknowledgedAfterAFailedSync) {
  testing::SimulatedDisk disk(1);
  auto broker = Broker::start(settings_in("/data"), disk);
  ASSERT_TRUE(broker.has_value());
  TestClient client((*broker)->address());
  wire::MetadataRequest create;
  create.topics.emplace().push_back({{}, "t"});
  client.call<wire::MetadataResponse>(create, 8);
  disk.fail_operation(0, ErrorCode::io, true);
  const ByteBuffer batch = make_batch({"a"});
  wire::ProduceRequest produce;
  produce.acks = -1;
  produce.timeout_ms = 30'000;
  produce.topic_data.push_back({"t", {}, {{0, batch}}});
  client.send(produce, 9);
  EXPECT_TRUE(client.ended()) << "nobody can say what became of it";
  EXPECT_TRUE(disk.operation_failed());
  const Status over = (*broker)->wait();
  ASSERT_FALSE(over.has_value());
  TestClient later((*broker)->address());
  const auto refused = later.call<wire::ProduceResponse>(produce, 9);
  EXPECT_EQ(refused.responses.at(0).partition_responses.at(0).error_code,
            Code::kafka_storage_error);
}

}  // namespace
}  // namespace holdfast::broker
