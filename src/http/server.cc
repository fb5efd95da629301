#include "http/server.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/core.h>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/log_line.h"
#include "base/os/clock.h"

namespace holdfast::http {
namespace {

namespace beast = boost::beast::http;
using Parser = beast::request_parser<beast::string_body>;

constexpr size_t kReadBytes = 16u << 10;

std::string encode(const Response& response, bool keep_alive) {
  const auto reason = beast::obsolete_reason(static_cast<beast::status>(response.status));
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {}\r\n",
                  response.status, std::string_view(reason.data(), reason.size()),
                  response.content_type, response.body.size(), keep_alive ? "keep-alive" : "close");
  for (const auto& [name, value] : response.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

class Session;

/// What the sessions of a server share.
class Host {
 public:
  virtual ~Host() = default;
  virtual void handle(const Request& request, Reply reply) = 0;
  virtual void over(uint64_t session) = 0;  // destroys it
  virtual MutableBytes scratch() = 0;
  virtual const ServerLimits& limits() const = 0;
};

/// One connection.
class Session final : public os::Connection::Owner {
 public:
  Session(Host& host, os::EventLoop& loop, uint64_t id, std::unique_ptr<os::Connection> connection)
      : host_(host), id_(id), connection_(std::move(connection)) {
    idle_ = loop.make_timer([this] { host_.over(id_); });
    next_request();
    connection_->start(*this);
  }
  ~Session() override { *alive_ = false; }

  std::array<MutableBytes, 2> receive_buffers() override { return {host_.scratch(), {}}; }

  void received(size_t bytes) override {
    append(unread_, ByteView(host_.scratch()).first(bytes));
    if (waiting_for_reply_) {
      if (unread_.size() > host_.limits().header_bytes_max) connection_->pause_reading();
      return;
    }
    parse();
  }
  void sent() override {
    if (connection_->unsent_bytes() == 0 && !waiting_for_reply_) arm();
  }
  void closed(const Error&) override { host_.over(id_); }

 private:
  void arm() { idle_->arm(os::real_clock().steady_ms() + host_.limits().idle_timeout_ms); }

  void next_request() {
    parser_.emplace();
    parser_->header_limit(host_.limits().header_bytes_max);
    parser_->body_limit(host_.limits().body_bytes_max);
    parser_->eager(true);
    arm();
  }

  /// Takes up what has come; a whole request is handed on, and what is behind it waits.
  void parse() {
    boost::system::error_code error;
    while (!unread_.empty() && !parser_->is_done()) {
      const size_t used =
          parser_->put(boost::asio::const_buffer(unread_.data(), unread_.size()), error);
      unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(used));
      if (error == beast::error::need_more) {
        if (unread_.size() <= host_.limits().header_bytes_max) return;
        error = beast::error::header_limit;
      }
      if (error) return refuse(error);
    }
    if (parser_->is_done()) serve();
  }

  void refuse(const boost::system::error_code& error) {
    const bool large = error == beast::error::body_limit || error == beast::error::header_limit;
    send({.status = large ? 413 : 400, .body = error.message() + "\n"}, false);
  }

  void serve() {
    auto message = parser_->release();
    const auto target = message.target();
    const std::string_view text(target.data(), target.size());
    const size_t mark = std::min(text.find('?'), text.size());
    const auto method = message.method_string();
    Request request{.method = std::string(method.data(), method.size()),
                    .path = std::string(text.substr(0, mark)),
                    .query = std::string(text.substr(std::min(mark + 1, text.size()))),
                    .body = std::move(message.body())};
    for (const auto& field : message) {
      std::string name(field.name_string().data(), field.name_string().size());
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.headers[std::move(name)].assign(field.value().data(), field.value().size());
    }
    waiting_for_reply_ = true;
    idle_->cancel();
    const bool keep = message.keep_alive();
    host_.handle(request,
                 [this, alive = alive_, keep, head = request.method == "HEAD"](Response response) {
                   if (*alive) send(response, keep, head);
                 });
  }

  void send(const Response& response, bool keep_alive, bool head = false) {
    connection_->send(as_bytes(encode(response, keep_alive)));
    if (!head) connection_->send(as_bytes(response.body));
    arm();  // so that an answer which nobody takes does not stay for ever
    if (!keep_alive) return connection_->close_after_sending();
    waiting_for_reply_ = false;
    next_request();
    connection_->resume_reading();
    parse();
  }

  Host& host_;
  const uint64_t id_;
  std::unique_ptr<os::Connection> connection_;
  std::unique_ptr<os::Timer> idle_;
  std::optional<Parser> parser_;
  ByteBuffer unread_;
  bool waiting_for_reply_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class LoopServer final : public Server, public Host {
 public:
  LoopServer(os::EventLoop& loop, Handler handler, ServerLimits limits)
      : loop_(loop), handler_(std::move(handler)), limits_(limits), scratch_(kReadBytes) {}

  Status start(const os::Address& address) {
    listener_ = HOLDFAST_TRY(
        loop_.listen(address, [this](auto connection) { accepted(std::move(connection)); }));
    return {};
  }
  os::Address address() const override { return listener_->address(); }

 private:
  void accepted(std::unique_ptr<os::Connection> connection) {
    if (sessions_.size() >= limits_.connections_max) {
      return log_warning("http", "connection from {} refused: there are {} already",
                         connection->peer().text(), sessions_.size());
    }
    const uint64_t id = ++last_session_;
    sessions_[id] = std::make_unique<Session>(*this, loop_, id, std::move(connection));
  }
  void handle(const Request& request, Reply reply) override { handler_(request, std::move(reply)); }
  void over(uint64_t session) override { sessions_.erase(session); }
  MutableBytes scratch() override { return scratch_; }
  const ServerLimits& limits() const override { return limits_; }

  os::EventLoop& loop_;
  Handler handler_;
  const ServerLimits limits_;
  std::vector<std::byte> scratch_;
  std::unique_ptr<os::Listener> listener_;
  uint64_t last_session_ = 0;
  std::unordered_map<uint64_t, std::unique_ptr<Session>> sessions_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::listen(os::EventLoop& loop, const os::Address& address,
                                               Handler handler, ServerLimits limits) {
  auto server = std::make_unique<LoopServer>(loop, std::move(handler), limits);
  HOLDFAST_CHECKED(server->start(address));
  return server;
}

}  // namespace holdfast::http
