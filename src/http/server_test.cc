#include "http/server.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace holdfast::http {
namespace {

/// Sends exactly these bytes and reads until the server closes, or until `enough` bytes have come.
class RawClient {
 public:
  explicit RawClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~RawClient() { ::close(socket_); }

  void send(std::string_view text) {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }
  std::string read_until(std::string_view end) {
    while (all_.find(end) == std::string::npos && read_some()) {
    }
    const size_t at = std::min(all_.find(end), all_.size());
    const size_t size = std::min(at + end.size(), all_.size());
    std::string found = all_.substr(0, size);
    all_.erase(0, size);
    return found;
  }
  std::string read_all() {
    while (read_some()) {
    }
    return std::exchange(all_, {});
  }

 private:
  bool read_some() {
    char buffer[4096];
    const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
    if (got > 0) all_.append(buffer, static_cast<size_t>(got));
    return got > 0;
  }
  int socket_;
  std::string all_;
};

std::unique_ptr<ServerThread> echo(ServerLimits limits = {}) {
  auto server = ServerThread::start(
      {"127.0.0.1", 0},
      [](const Request& request, Reply reply) {
        reply({.body = request.method + "|" + request.path + "|" + request.query + "|" +
                       request.body + "#"});
      },
      limits);
  EXPECT_TRUE(server.has_value());
  return std::move(*server);
}

TEST(HttpServer, AnswersOneRequestAfterTheOtherOnTheSameConnection) {
  const auto server = echo();
  RawClient client(server->address().port);
  client.send("GET /metrics?name=x HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string first = client.read_until("#");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(first.ends_with("\r\n\r\nGET|/metrics|name=x|#"));
  client.send("POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_TRUE(client.read_until("#").ends_with("POST|/a||body#"));
}

TEST(HttpServer, TakesRequestsByteByByteAndManyAtOnce) {
  const auto server = echo();
  RawClient slow(server->address().port);
  for (const char c : std::string("GET /slow HTTP/1.1\r\n\r\n")) slow.send({&c, 1});
  EXPECT_TRUE(slow.read_until("#").ends_with("GET|/slow||#"));
  RawClient quick(server->address().port);
  quick.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n");
  for (const char* path : {"/1", "/2", "/3"})
    EXPECT_TRUE(quick.read_until("#").ends_with(std::string("GET|") + path + "||#"));
}

TEST(HttpServer, ClosesWhenTheClientAsksForIt) {
  const auto server = echo();
  RawClient client(server->address().port);
  client.send("GET / HTTP/1.0\r\n\r\n");
  const std::string all = client.read_all();
  EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(all.ends_with("GET|/||#"));
}

TEST(HttpServer, RefusesWhatIsNoHttpAndWhatIsTooLarge) {
  const auto server = echo({.header_bytes_max = 1024, .body_bytes_max = 10});
  const auto status = [&](const std::string& request) {
    RawClient client(server->address().port);
    client.send(request);
    const std::string all = client.read_all();
    return all.size() < 12 ? all : all.substr(9, 3);
  };
  EXPECT_EQ(status("\x16\x03\x01 hello\r\n\r\n"), "400");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n"), "413");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n"), "413");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nX: " + std::string(2000, 'x')), "413");
}

TEST(HttpServer, EndsConnectionsBeyondTheBoundAndIdleOnes) {
  const auto server = echo({.connections_max = 1, .idle_timeout_ms = 50});
  RawClient first(server->address().port);
  first.send("GET /1 HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(first.read_until("#").ends_with("GET|/1||#"));
  EXPECT_EQ(RawClient(server->address().port).read_all(), "");
  EXPECT_EQ(first.read_all(), "");  // ends by itself
}

TEST(HttpServer, TakesRepliesFromOtherThreadsAndAfterTheClientHasGone) {
  std::vector<Reply> kept;
  std::mutex mutex;
  std::condition_variable changed;
  auto server = ServerThread::start({"127.0.0.1", 0}, [&](const Request&, Reply reply) {
                  std::lock_guard lock(mutex);
                  kept.push_back(std::move(reply));
                  changed.notify_all();
                }).value();
  const auto wait_for = [&](size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [&] { return kept.size() >= count; });
  };
  RawClient client(server->address().port);
  client.send("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(wait_for(1));
  kept[0]({.body = "later#"});
  EXPECT_TRUE(client.read_until("#").ends_with("later#"));
  {
    RawClient gone(server->address().port);
    gone.send("GET / HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(wait_for(2));
  }
  server.reset();
  kept[1]({.body = "nobody"});  // the server is gone: nothing happens
}

}  // namespace
}  // namespace holdfast::http
