#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/os/net.h"
#include "wire/message.h"

namespace holdfast::testing {

/// One connection to a broker, one call at a time. Once the connection has ended, or the broker has
/// been silent for too long, every call answers nothing.
class BrokerClient {
 public:
  explicit BrokerClient(const os::Address& broker) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(broker.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    good_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~BrokerClient() { ::close(socket_); }
  BrokerClient(const BrokerClient&) = delete;
  BrokerClient& operator=(const BrokerClient&) = delete;

  template <class Response, class Request>
  std::optional<Response> call(const Request& request, int16_t version) {
    const ByteBuffer frame =
        wire::encode_request(request, version, ++correlation_, "load").flattened();
    good_ = good_ && ::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL) ==
                         static_cast<ssize_t>(frame.size());
    std::byte size[4];
    if (!receive(size)) return std::nullopt;
    answer_.resize(load_be<uint32_t>(size));
    if (!receive(answer_)) return std::nullopt;
    const auto header = wire::decode_response_header(Response::api, version, answer_);
    if (!header || header->correlation_id != correlation_) return std::nullopt;
    auto response = wire::decode<Response>(header->body, version);
    if (!response) return std::nullopt;
    return std::move(*response);
  }
  bool good() const { return good_; }

 private:
  static constexpr int patience_ms = 15'000;

  bool receive(MutableBytes into) {
    while (good_ && !into.empty()) {
      pollfd wait{socket_, POLLIN, 0};
      const ssize_t got =
          ::poll(&wait, 1, patience_ms) == 1 ? ::recv(socket_, into.data(), into.size(), 0) : -1;
      good_ = got > 0;
      if (good_) into = into.subspan(static_cast<size_t>(got));
    }
    return good_;
  }

  const int socket_;
  bool good_ = false;
  int32_t correlation_ = 0;
  ByteBuffer answer_;
};

}  // namespace holdfast::testing
