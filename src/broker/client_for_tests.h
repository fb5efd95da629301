#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "base/os/net.h"
#include "record/batch_builder.h"
#include "wire/message.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/join_group.h"

namespace holdfast::broker {

/// A blocking client that sends exactly the bytes it is told to. For tests only.
class TestClient {
 public:
  static constexpr int patience_ms = 20'000;  // then a test that waits in vain fails

  explicit TestClient(const os::Address& address) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~TestClient() { ::close(socket_); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void send_bytes(ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the broker has closed; the test sees it when it reads
      bytes = bytes.subspan(static_cast<size_t>(sent));
    }
  }
  template <class Request>
  int32_t send(const Request& request, int16_t version) {
    const auto frame = wire::encode_request(request, version, ++correlation_, "test");
    send_bytes(frame.flattened());
    return correlation_;
  }

  /// The next frame without its size; empty when the connection has ended.
  ByteBuffer receive_frame() {
    std::byte size[4];
    if (!receive_into(size)) return {};
    ByteBuffer frame(load_be<uint32_t>(size));
    return receive_into(frame) ? frame : ByteBuffer{};
  }
  template <class Response>
  Response receive(int16_t version, int32_t correlation = -1) {
    last_frame_ = receive_frame();
    const auto header = wire::decode_response_header(Response::api, version, last_frame_);
    EXPECT_TRUE(header.has_value()) << "no answer";
    if (!header) return {};
    EXPECT_EQ(header->correlation_id, correlation < 0 ? correlation_ : correlation);
    auto response = wire::decode<Response>(header->body, version);
    EXPECT_TRUE(response.has_value());
    return response ? std::move(*response) : Response{};
  }
  template <class Response, class Request>
  Response call(const Request& request, int16_t version) {
    send(request, version);
    return receive<Response>(version);
  }

  /// Whether the broker ends the connection, without a further answer.
  bool ended() {
    std::byte one[1];
    return !receive_into(one);
  }
  bool something_to_read() {
    pollfd wait{socket_, POLLIN, 0};
    return ::poll(&wait, 1, 0) > 0;
  }

 private:
  bool receive_into(std::span<std::byte> to) {
    while (!to.empty()) {
      pollfd wait{socket_, POLLIN, 0};
      if (::poll(&wait, 1, patience_ms) <= 0) {
        ADD_FAILURE() << "nothing came";
        return false;
      }
      const ssize_t got = ::recv(socket_, to.data(), to.size(), 0);
      if (got <= 0) return false;
      to = to.subspan(static_cast<size_t>(got));
    }
    return true;
  }

  int socket_;
  int32_t correlation_ = 0;
  ByteBuffer last_frame_;
};

struct BatchSpec {
  int64_t producer_id = -1;
  int16_t epoch = -1;
  int32_t sequence = -1;
  int64_t timestamp_ms = 1000;
  bool transactional = false;
  record::Codec codec = record::Codec::none;
};

/// A topic as tests mostly want it.
using NewTopicConfig = wire::CreateTopicsRequest::Topic::Config;
inline wire::CreateTopicsRequest::Topic new_topic(std::string_view name, int32_t partitions = 1,
                                                  std::vector<NewTopicConfig> configs = {}) {
  return {.name = name,
          .num_partitions = partitions,
          .replication_factor = 1,
          .assignments = {},
          .configs = std::move(configs)};
}
inline wire::CreateTopicsRequest create_topic(std::string_view name, int32_t partitions = 1,
                                              std::vector<NewTopicConfig> configs = {}) {
  wire::CreateTopicsRequest request;
  request.topics.push_back(new_topic(name, partitions, std::move(configs)));
  return request;
}

/// A batch with these values; keys are "k".
inline ByteBuffer make_batch(const std::vector<std::string>& values, const BatchSpec& spec = {}) {
  record::BatchBuilder builder;
  builder.begin({.codec = spec.codec,
                 .producer_id = spec.producer_id,
                 .producer_epoch = spec.epoch,
                 .base_sequence = spec.sequence,
                 .transactional = spec.transactional});
  for (size_t i = 0; i < values.size(); ++i) {
    builder.add({.timestamp_ms = spec.timestamp_ms + static_cast<int64_t>(i),
                 .key = as_bytes("k"),
                 .value = as_bytes(values[i]),
                 .headers = {}});
  }
  const ByteView batch = builder.finish().value();
  return {batch.begin(), batch.end()};
}

/// The values of all records at or above `from`, in order.
inline std::vector<std::string> values_in(ByteView records, int64_t from = 0) {
  std::vector<std::string> values;
  record::Decompressor decompressor;
  ByteBuffer scratch;
  while (!records.empty()) {
    const auto batch = record::BatchView::parse(records);
    EXPECT_TRUE(batch.has_value() && batch->crc_matches());
    if (!batch) break;
    auto reader = batch->records(decompressor, scratch, 1 << 20);
    for (record::RecordView record; reader->next(record);) {
      if (record.offset >= from) values.emplace_back(as_text(*record.value));
    }
    records = records.subspan(batch->size());
  }
  return values;
}

/// Of a consumer that is the first in its group.
inline wire::JoinGroupRequest join_group(std::string_view group) {
  wire::JoinGroupRequest join;
  join.group_id = group;
  join.session_timeout_ms = 30'000;
  join.rebalance_timeout_ms = 30'000;
  join.protocol_type = "consumer";
  join.protocols.push_back({"range", {}});
  return join;
}

}  // namespace holdfast::broker
