#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace holdfast::os {

/// A TCP end point. `host` is a numeric address or a name.
struct Address {
  std::string host;
  uint16_t port = 0;

  /// "host:port"; IPv6 hosts in brackets.
  std::string text() const;
  /// Reads "host:port" or "[v6]:port". `invalid` with what is wrong.
  static Result<Address> parse(std::string_view text);
  /// Whether every address that the host stands for belongs to this machine only.
  bool is_loopback() const;
};

/// A timer that is armed for one point in time and may be armed again. Loop thread only. Destroying
/// it cancels it.
class Timer {
 public:
  virtual ~Timer() = default;
  /// Calls back once when `steady_ms` (os::Clock) has come; replaces what was armed before.
  virtual void arm(int64_t steady_ms) = 0;
  virtual void cancel() = 0;
};

/// One TCP connection, never blocking. Loop thread only. Destroying it closes it, and nothing is
/// called back after that.
///
/// What is sent is queued and leaves in one gathered write at the end of the current turn of the
/// loop. `send` does not bound the queue: its owner looks at `unsent_bytes` and stops producing (or
/// closes).
class Connection {
 public:
  /// Whoever uses the connection.
  class Owner {
   public:
    virtual ~Owner() = default;
    /// Where the next bytes go: the first part is filled before the second. Asked for right before
    /// a read, and only used within it, so that idle connections need no buffer and all may share
    /// one.
    virtual std::array<MutableBytes, 2> receive_buffers() = 0;
    /// That many bytes have come. The connection may be destroyed from within.
    virtual void received(size_t bytes) = 0;
    /// Some of the queue has left; `unsent_bytes` says what remains.
    virtual void sent() {}
    /// The peer is gone, or a read or write failed. Called once, and nothing after it. May destroy
    /// the connection.
    virtual void closed(const Error& why) = 0;
  };

  virtual ~Connection() = default;
  /// Starts reading. Until then nothing is called back.
  virtual void start(Owner& owner) = 0;
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  /// Queues a copy. For small things: they lie one behind the other in memory.
  virtual void send(ByteView bytes) = 0;
  /// Queues a view; `keep` holds its memory until it has left.
  virtual void send_pinned(ByteView bytes, std::shared_ptr<const void> keep) = 0;
  virtual uint64_t unsent_bytes() const = 0;
  /// Ends the connection once all that is queued has left; `closed` is called then.
  virtual void close_after_sending() = 0;

  virtual Address peer() const = 0;
};

/// An attempt to connect. Loop thread only. Destroying it gives up: nothing is called back then.
class Connecting {
 public:
  virtual ~Connecting() = default;
};

class Listener {
 public:
  virtual ~Listener() = default;
  /// Where it listens; the real port if 0 was asked for.
  virtual Address address() const = 0;
};

/// One thread's event loop: it sleeps while nothing happens.
/// Threads: `post` and `stop` from any; all else from the thread that runs it (or before it runs).
class EventLoop {
 public:
  static std::unique_ptr<EventLoop> create();
  virtual ~EventLoop() = default;

  /// Serves until `stop`.
  virtual void run() = 0;
  virtual void stop() = 0;
  /// Runs `task` on the loop's thread, in the order posted.
  virtual void post(std::move_only_function<void()> task) = 0;

  virtual std::unique_ptr<Timer> make_timer(std::function<void()> expired) = 0;
  /// Listens and hands every new connection to `accepted`, not yet started.
  virtual Result<std::unique_ptr<Listener>> listen(
      const Address& address, std::function<void(std::unique_ptr<Connection>)> accepted) = 0;

  using Connected = std::move_only_function<void(Result<std::unique_ptr<Connection>>)>;
  /// Connects to the first of the host's addresses that answers; names are looked up beside the
  /// loop. `done` is called once, later, with the connection, not yet started, or `unavailable`
  /// (`timeout` when it took longer than that); it may destroy the attempt.
  [[nodiscard]] virtual std::unique_ptr<Connecting> connect(const Address& address,
                                                            int64_t timeout_ms, Connected done) = 0;
};

}  // namespace holdfast::os
