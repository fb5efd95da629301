#include "base/os/net.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/os/clock.h"

namespace holdfast::os {
namespace {

TEST(Address, ReadsHostAndPortAndRefusesTheRest) {
  EXPECT_EQ(Address::parse("127.0.0.1:9092")->port, 9092);
  EXPECT_EQ(Address::parse("[::1]:5")->host, "::1");
  EXPECT_EQ(Address::parse("[::1]:5")->text(), "[::1]:5");
  EXPECT_EQ(Address::parse("localhost:0")->text(), "localhost:0");
  for (const char* wrong : {"", ":", "host", "host:", ":1", "h:65536", "h:-1", "h:1x", "::1:5"}) {
    EXPECT_FALSE(Address::parse(wrong).has_value()) << wrong;
  }
}

TEST(Address, KnowsWhatStaysOnThisMachine) {
  EXPECT_TRUE((Address{"127.0.0.1", 1}.is_loopback()));
  EXPECT_TRUE((Address{"127.9.9.9", 1}.is_loopback()));
  EXPECT_TRUE((Address{"::1", 1}.is_loopback()));
  EXPECT_FALSE((Address{"0.0.0.0", 1}.is_loopback()));
  EXPECT_FALSE((Address{"::", 1}.is_loopback()));
  EXPECT_FALSE((Address{"192.0.2.1", 1}.is_loopback()));
}

/// Sends back what comes; keeps count.
class Echo final : public Connection::Owner {
 public:
  explicit Echo(EventLoop& loop, std::unique_ptr<Connection> connection)
      : loop_(loop), connection_(std::move(connection)) {
    connection_->start(*this);
  }
  std::array<MutableBytes, 2> receive_buffers() override {
    return {MutableBytes(buffer_).first(3), MutableBytes(buffer_).subspan(3)};
  }
  void received(size_t bytes) override {
    all.append(as_text(ByteView(buffer_).first(bytes)));
    const auto kept = std::make_shared<ByteBuffer>(buffer_.begin(),
                                                   buffer_.begin() + static_cast<ptrdiff_t>(bytes));
    connection_->send_pinned(*kept, kept);
    connection_->send(as_bytes("|"));
  }
  void closed(const Error& why) override {
    EXPECT_EQ(why.code, ErrorCode::unavailable);
    ++ends;
    loop_.stop();
  }
  Connection& connection() { return *connection_; }
  std::string all;
  int ends = 0;

 private:
  EventLoop& loop_;
  std::unique_ptr<Connection> connection_;
  ByteBuffer buffer_ = ByteBuffer(64);
};

int connect_to(const Address& address) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  return socket;
}

TEST(EventLoop, ServesAConnectionUntilThePeerEndsIt) {
  const auto loop = EventLoop::create();
  std::unique_ptr<Echo> echo;
  const auto listener = loop->listen({"127.0.0.1", 0}, [&](std::unique_ptr<Connection> connection) {
    EXPECT_EQ(connection->peer().host, "127.0.0.1");
    echo = std::make_unique<Echo>(*loop, std::move(connection));
  });
  ASSERT_TRUE(listener.has_value());
  const int peer = connect_to((*listener)->address());
  ASSERT_EQ(::send(peer, "hello world", 11, 0), 11);
  ::shutdown(peer, SHUT_WR);
  loop->run();
  ASSERT_NE(echo, nullptr);
  EXPECT_EQ(echo->all, "hello world");
  EXPECT_EQ(echo->ends, 1);
  ::close(peer);
}

TEST(EventLoop, SendsAllThatIsQueuedBeforeItCloses) {
  const auto loop = EventLoop::create();
  std::unique_ptr<Echo> echo;
  const size_t many = 40'000;  // more parts than one write takes, more bytes than the socket holds
  const auto piece = std::make_shared<std::string>(1000, 'p');
  const auto listener = loop->listen({"127.0.0.1", 0}, [&](std::unique_ptr<Connection> connection) {
    echo = std::make_unique<Echo>(*loop, std::move(connection));
    for (size_t i = 0; i < many; ++i) {
      echo->connection().send_pinned(as_bytes(*piece), piece);
      echo->connection().send(as_bytes("s"));
    }
    EXPECT_EQ(echo->connection().unsent_bytes(), many * 1001);
    echo->connection().close_after_sending();
  });
  ASSERT_TRUE(listener.has_value());
  const int peer = connect_to((*listener)->address());
  std::thread serving([&] { loop->run(); });
  size_t total = 0;
  size_t separators = 0;
  std::vector<char> buffer(1 << 16);
  for (ssize_t got; (got = ::recv(peer, buffer.data(), buffer.size(), 0)) > 0;) {
    total += static_cast<size_t>(got);
    separators += static_cast<size_t>(std::count(buffer.begin(), buffer.begin() + got, 's'));
  }
  serving.join();
  EXPECT_EQ(total, many * 1001);
  EXPECT_EQ(separators, many);
  EXPECT_EQ(piece.use_count(), 1) << "nothing is held any more";
  ::close(peer);
}

TEST(EventLoop, RunsPostedTasksInOrderAndTimersWhenDueButNotWhenCancelled) {
  const auto loop = EventLoop::create();
  std::vector<std::string> happened;
  const int64_t now = real_clock().steady_ms();
  const auto last = loop->make_timer([&] {
    happened.push_back("late");
    loop->stop();
  });
  const auto early = loop->make_timer([&] { happened.push_back("early"); });
  const auto never = loop->make_timer([&] { happened.push_back("never"); });
  last->arm(now + 3);
  never->arm(now + 2);
  early->arm(now + 60'000);
  early->arm(now + 1);  // replaces
  never->cancel();
  loop->post([&] { happened.push_back("first"); });
  loop->post([&] { happened.push_back("second"); });
  loop->run();
  EXPECT_EQ(happened, (std::vector<std::string>{"first", "second", "early", "late"}));
}

TEST(EventLoop, AnAddressInUseIsAnError) {
  const auto loop = EventLoop::create();
  const auto first = loop->listen({"127.0.0.1", 0}, [](auto) {});
  ASSERT_TRUE(first.has_value());
  const auto second = loop->listen((*first)->address(), [](auto) {});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::io);
}

TEST(EventLoop, ConnectsToAListenerAndSaysWhyWhenThereIsNone) {
  const auto loop = EventLoop::create();
  std::unique_ptr<Connection> client;
  std::unique_ptr<Echo> echo;
  std::optional<ErrorCode> refused;
  auto listener = loop->listen({"127.0.0.1", 0}, [&](std::unique_ptr<Connection> connection) {
    echo = std::make_unique<Echo>(*loop, std::move(connection));
  });
  ASSERT_TRUE(listener.has_value());
  const Address there = (*listener)->address();
  const auto first =
      loop->connect(there, 5000, [&](Result<std::unique_ptr<Connection>> connection) {
        ASSERT_TRUE(connection) << connection.error().message;
        EXPECT_EQ((*connection)->peer().text(), there.text());
        client = std::move(*connection);
        loop->post([&] { client.reset(); });  // which ends the loop, by way of the echo
      });
  auto abandoned = loop->connect(there, 5000, [&](auto) { ADD_FAILURE(); });
  abandoned.reset();
  loop->run();
  ASSERT_NE(echo, nullptr);
  listener->reset();
  const auto again = EventLoop::create();
  const auto second =
      again->connect(there, 5000, [&](Result<std::unique_ptr<Connection>> connection) {
        ASSERT_FALSE(connection);
        refused = connection.error().code;
        again->stop();
      });
  again->run();
  EXPECT_EQ(refused, ErrorCode::unavailable);
}

}  // namespace
}  // namespace holdfast::os
