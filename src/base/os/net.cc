#include "base/os/net.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <deque>
#include <fmt/core.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <system_error>
#include <utility>

#include "base/check.h"

namespace holdfast::os {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kPartsPerWrite = 256;
constexpr size_t kBytesPerTurn = 4u << 20;  // then other connections have their turn
constexpr size_t kSmallChunkBytes = 16384;  // small answers are gathered in chunks of this size
constexpr int64_t kAcceptRetryMs = 100;  // after accept failed, for example for want of descriptors

Error broken(int number) {
  return Error{ErrorCode::unavailable, std::generic_category().message(number)};
}

class AsioTimer final : public Timer {
 public:
  AsioTimer(asio::io_context& context, std::function<void()> expired)
      : state_(std::make_shared<State>(context, std::move(expired))) {}
  ~AsioTimer() override { state_->generation = 0, state_->timer.cancel(); }

  void arm(int64_t steady_ms) override {
    const uint64_t generation = state_->generation = ++last_generation_;
    state_->timer.expires_at(
        std::chrono::steady_clock::time_point(std::chrono::milliseconds(steady_ms)));
    state_->timer.async_wait([state = state_, generation](error_code error) {
      if (!error && state->generation == generation) state->expired();
    });
  }
  void cancel() override { state_->generation = 0, state_->timer.cancel(); }

 private:
  struct State {
    State(asio::io_context& context, std::function<void()> callback)
        : timer(context), expired(std::move(callback)) {}
    asio::steady_timer timer;
    std::function<void()> expired;
    uint64_t generation =
        0;  // of the wait that counts; an expired but cancelled wait may still be on its way
  };
  std::shared_ptr<State> state_;
  uint64_t last_generation_ = 0;
};

/// The socket and its queue. Asio's pending waits hold it, so it outlives the Connection by a
/// moment, without an owner.
class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(asio::io_context& context, tcp::socket socket)
      : context_(context), socket_(std::move(socket)) {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    const auto end_point = socket_.remote_endpoint(ignored);
    if (!ignored) peer_ = Address{end_point.address().to_string(), end_point.port()};
  }

  void start(Connection::Owner& owner) {
    owner_ = &owner;
    wait_to_read();
  }
  void pause_reading() { paused_ = true; }
  void resume_reading() {
    if (!std::exchange(paused_, false)) return;
    wait_to_read();
  }
  const Address& peer() const { return peer_; }
  uint64_t unsent_bytes() const { return unsent_bytes_; }

  void send(ByteView bytes) {
    if (!owner_) return;
    if (!chunk_ || chunk_->capacity() - chunk_->size() < bytes.size()) {
      chunk_ = std::make_shared<ByteBuffer>();
      chunk_->reserve(std::max(kSmallChunkBytes, bytes.size()));
    }
    const std::byte* begin = chunk_->data() + chunk_->size();
    append(*chunk_, bytes);
    unsent_bytes_ += bytes.size();
    if (!queue_.empty() && queue_.back().bytes.data() + queue_.back().bytes.size() == begin &&
        queue_.back().keep == chunk_) {
      queue_.back().bytes = {queue_.back().bytes.data(), queue_.back().bytes.size() + bytes.size()};
    } else {
      queue_.push_back({{begin, bytes.size()}, chunk_});
    }
    flush_soon();
  }
  void send_pinned(ByteView bytes, std::shared_ptr<const void> keep) {
    if (!owner_ || bytes.empty()) return;
    unsent_bytes_ += bytes.size();
    queue_.push_back({bytes, std::move(keep)});
    flush_soon();
  }
  void close_after_sending() {
    closing_ = true;
    paused_ = true;
    flush_soon();
  }
  void drop() {
    owner_ = nullptr;
    queue_.clear();
    chunk_.reset();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  struct Part {
    ByteView bytes;
    std::shared_ptr<const void> keep;
  };

  void wait_to_read() {
    if (waiting_to_read_ || paused_ || !owner_) return;
    waiting_to_read_ = true;
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
      self->waiting_to_read_ = false;
      if (!self->owner_ || self->paused_) return;
      if (error) return self->fail_with(error.value());
      self->read();
    });
  }

  /// Reads until there is no more, or others should have their turn.
  void read() {
    for (size_t total = 0; total < kBytesPerTurn && owner_ && !paused_;) {
      const auto buffers = owner_->receive_buffers();
      iovec parts[2] = {{buffers[0].data(), buffers[0].size()},
                        {buffers[1].data(), buffers[1].size()}};
      const size_t room = buffers[0].size() + buffers[1].size();
      const ssize_t got = ::readv(socket_.native_handle(), parts, buffers[1].empty() ? 1 : 2);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
      if (got < 0) return fail_with(errno);
      if (got == 0) return fail_with(ECONNRESET);
      total += static_cast<size_t>(got);
      owner_->received(static_cast<size_t>(got));
      if (static_cast<size_t>(got) < room)
        break;  // drained; were there more, the wait would say so at once
    }
    if (owner_) wait_to_read();
  }

  void flush_soon() {
    if (flush_posted_ || waiting_to_write_ || !owner_) return;
    flush_posted_ = true;
    asio::post(context_, [self = shared_from_this()] {
      self->flush_posted_ = false;
      self->flush();
    });
  }

  void flush() {
    if (!owner_) return;
    bool progress = false;
    while (!queue_.empty()) {
      iovec parts[kPartsPerWrite];
      size_t count = 0;
      for (auto part = queue_.begin(); part != queue_.end() && count < kPartsPerWrite;
           ++part, ++count) {
        parts[count] = {const_cast<std::byte*>(part->bytes.data()), part->bytes.size()};
      }
      msghdr message{};
      message.msg_iov = parts;
      message.msg_iovlen = count;
      const ssize_t written = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        wait_to_write();
        break;
      }
      if (written < 0) return fail_with(errno);
      remove_sent(static_cast<size_t>(written));
      progress = true;
    }
    if (queue_.empty()) chunk_.reset();  // idle connections hold no memory
    if (progress && owner_) owner_->sent();
    if (owner_ && closing_ && queue_.empty()) fail_with(ESHUTDOWN);
  }

  void remove_sent(size_t bytes) {
    unsent_bytes_ -= bytes;
    while (bytes > 0) {
      Part& part = queue_.front();
      if (bytes < part.bytes.size()) {
        part.bytes = part.bytes.subspan(bytes);
        return;
      }
      bytes -= part.bytes.size();
      queue_.pop_front();
    }
  }

  void wait_to_write() {
    waiting_to_write_ = true;
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](error_code error) {
      self->waiting_to_write_ = false;
      if (!self->owner_) return;
      if (error) return self->fail_with(error.value());
      self->flush();
    });
  }

  void fail_with(int number) {
    if (Connection::Owner* owner = owner_) {
      drop();
      owner->closed(broken(number));
    }
  }

  asio::io_context& context_;
  tcp::socket socket_;
  Address peer_;
  Connection::Owner* owner_ = nullptr;
  std::deque<Part> queue_;
  std::shared_ptr<ByteBuffer> chunk_;  // its capacity never grows, so views into it stay valid
  uint64_t unsent_bytes_ = 0;
  bool paused_ = false;
  bool closing_ = false;
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
  bool flush_posted_ = false;
};

class AsioConnection final : public Connection {
 public:
  AsioConnection(asio::io_context& context, tcp::socket socket)
      : channel_(std::make_shared<Channel>(context, std::move(socket))) {}
  ~AsioConnection() override { channel_->drop(); }

  void start(Owner& owner) override { channel_->start(owner); }
  void pause_reading() override { channel_->pause_reading(); }
  void resume_reading() override { channel_->resume_reading(); }
  void send(ByteView bytes) override { channel_->send(bytes); }
  void send_pinned(ByteView bytes, std::shared_ptr<const void> keep) override {
    channel_->send_pinned(bytes, std::move(keep));
  }
  uint64_t unsent_bytes() const override { return channel_->unsent_bytes(); }
  void close_after_sending() override { channel_->close_after_sending(); }
  Address peer() const override { return channel_->peer(); }

 private:
  std::shared_ptr<Channel> channel_;
};

class AsioConnecting final : public Connecting {
 public:
  AsioConnecting(asio::io_context& context, const Address& address, int64_t timeout_ms,
                 EventLoop::Connected done)
      : state_(std::make_shared<State>(context, address.text(), std::move(done))) {
    state_->timer.expires_after(std::chrono::milliseconds(timeout_ms));
    state_->timer.async_wait([state = state_](error_code error) {
      if (!error) state->end(ErrorCode::timeout, "no answer in time");
    });
    state_->resolver.async_resolve(
        address.host, std::to_string(address.port),
        [state = state_](error_code error, const tcp::resolver::results_type& found) {
          if (error) return state->end(ErrorCode::unavailable, error.message());
          if (state->done) connect(state, found);
        });
  }
  ~AsioConnecting() override { state_->give_up(); }

 private:
  struct State {
    State(asio::io_context& in, std::string to, EventLoop::Connected callback)
        : context(in),
          address(std::move(to)),
          resolver(in),
          socket(in),
          timer(in),
          done(std::move(callback)) {}

    void give_up() {
      done = nullptr;
      error_code ignored;
      resolver.cancel();
      timer.cancel();
      socket.close(ignored);
    }
    void end(ErrorCode code, const std::string& why) {
      if (!done) return;
      auto callback = std::move(done);
      give_up();
      callback(fail(code, fmt::format("cannot connect to {}: {}", address, why)));
    }
    void connected() {
      if (!done) return;
      auto callback = std::move(done);
      auto made = std::make_unique<AsioConnection>(context, std::move(socket));
      give_up();
      callback(std::move(made));
    }

    asio::io_context& context;
    std::string address;
    tcp::resolver resolver;
    tcp::socket socket;
    asio::steady_timer timer;
    EventLoop::Connected done;
  };

  static void connect(const std::shared_ptr<State>& state,
                      const tcp::resolver::results_type& found) {
    asio::async_connect(state->socket, found, [state](error_code error, const tcp::endpoint&) {
      if (error) return state->end(ErrorCode::unavailable, error.message());
      state->connected();
    });
  }

  std::shared_ptr<State> state_;
};

class AsioListener final : public Listener {
 public:
  using Accepted = std::function<void(std::unique_ptr<Connection>)>;

  AsioListener(asio::io_context& context, tcp::acceptor acceptor, Accepted accepted,
               Address address)
      : state_(std::make_shared<State>(context, std::move(acceptor), std::move(accepted))),
        address_(std::move(address)) {
    accept_next(state_);
  }
  ~AsioListener() override {
    error_code ignored;
    state_->accepted = nullptr;
    state_->acceptor.close(ignored);
    state_->retry.cancel();
  }
  Address address() const override { return address_; }

 private:
  struct State {
    State(asio::io_context& in, tcp::acceptor from, Accepted callback)
        : context(in), acceptor(std::move(from)), retry(in), accepted(std::move(callback)) {}
    asio::io_context& context;
    tcp::acceptor acceptor;
    asio::steady_timer retry;
    Accepted accepted;
  };

  static void accept_next(const std::shared_ptr<State>& state) {
    state->acceptor.async_accept([state](error_code error, tcp::socket socket) {
      if (!state->accepted || error == asio::error::operation_aborted) return;
      if (!error) {
        state->accepted(std::make_unique<AsioConnection>(state->context, std::move(socket)));
        if (state->accepted) accept_next(state);
        return;
      }
      state->retry.expires_after(std::chrono::milliseconds(kAcceptRetryMs));
      state->retry.async_wait([state](error_code cancelled) {
        if (!cancelled && state->accepted) accept_next(state);
      });
    });
  }

  std::shared_ptr<State> state_;
  Address address_;
};

class AsioLoop final : public EventLoop {
 public:
  void run() override {
    const auto work = asio::make_work_guard(context_);
    context_.run();
  }
  void stop() override { context_.stop(); }
  void post(std::move_only_function<void()> task) override {
    asio::post(context_, std::move(task));
  }

  std::unique_ptr<Timer> make_timer(std::function<void()> expired) override {
    return std::make_unique<AsioTimer>(context_, std::move(expired));
  }

  Result<std::unique_ptr<Listener>> listen(const Address& address,
                                           AsioListener::Accepted accepted) override {
    error_code error;
    tcp::resolver resolver(context_);
    const auto found =
        resolver.resolve(address.host, std::to_string(address.port), tcp::resolver::passive, error);
    if (error)
      return fail(ErrorCode::invalid,
                  fmt::format("cannot find address {}: {}", address.text(), error.message()));
    tcp::acceptor acceptor(context_);
    const tcp::endpoint end_point = found.begin()->endpoint();
    acceptor.open(end_point.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(end_point, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      return fail(ErrorCode::io,
                  fmt::format("cannot listen on {}: {}", address.text(), error.message()));
    const auto local = acceptor.local_endpoint(error);
    if (error)
      return fail(ErrorCode::io,
                  fmt::format("cannot listen on {}: {}", address.text(), error.message()));
    return std::make_unique<AsioListener>(context_, std::move(acceptor), std::move(accepted),
                                          Address{local.address().to_string(), local.port()});
  }

  std::unique_ptr<Connecting> connect(const Address& address, int64_t timeout_ms,
                                      Connected done) override {
    return std::make_unique<AsioConnecting>(context_, address, timeout_ms, std::move(done));
  }

 private:
  asio::io_context context_{1};
};

}  // namespace

std::unique_ptr<EventLoop> EventLoop::create() {
  return std::make_unique<AsioLoop>();
}

std::string Address::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<Address> Address::parse(std::string_view text) {
  const auto wrong = [&] {
    return fail(
        ErrorCode::invalid,
        fmt::format("\"{}\" is not an address; write HOST:PORT, for example 127.0.0.1:9092", text));
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.front() == '[' && host.back() == ']' && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong();
  }
  Address address{std::string(host), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size())
    return wrong();
  return address;
}

bool Address::is_loopback() const {
  asio::io_context context;
  error_code error;
  const auto found = tcp::resolver(context).resolve(host, "", error);
  if (error || found.empty()) return false;
  for (const auto& entry : found) {
    if (!entry.endpoint().address().is_loopback()) return false;
  }
  return true;
}

}  // namespace holdfast::os
