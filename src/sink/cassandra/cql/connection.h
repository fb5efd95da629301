#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/os/clock.h"
#include "base/os/net.h"
#include "base/result.h"
#include "sink/cassandra/cql/frame.h"
#include "sink/cassandra/cql/response.h"
#include "sink/cassandra/cql/session.h"

namespace holdfast::cql {

class Connection;

/// One request on a connection, and what becomes of it. Exactly one of its functions is called.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// `body` is what the response's rows point into; it goes when this returns.
  virtual void answered(std::unique_ptr<Exchange> self, Connection& on, Response response,
                        ByteView body) = 0;
  /// The connection broke, or no answer came in time: it may have been applied.
  virtual void lost(std::unique_ptr<Exchange> self, const Error& why) = 0;
};

/// One connection to one node: handshake, streams, framing. Loop thread only.
///
/// A request that was not answered in time keeps its stream until the answer comes; a connection
/// on which nothing at all came meanwhile is broken off.
class Connection final : public os::Connection::Owner {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void connected(Connection& connection) = 0;
    /// The end, before or after `connected`. All exchanges are `lost` by then. Destroy it, later
    /// or from within.
    virtual void broken(Connection& connection, const Error& why) = 0;
    virtual void happened(Connection& connection, const Response& event) = 0;
  };

  Connection(os::EventLoop& loop, os::Clock& clock, const SessionSettings& settings,
             os::Address address, Owner& owner);
  ~Connection() override;
  void start();

  bool ready() const { return state_ == State::ready; }
  Version version() const { return version_; }
  const os::Address& address() const { return address_; }
  /// The address in numbers, once connected.
  os::Address peer() const { return link_ ? link_->peer() : address_; }
  size_t in_flight() const { return slots_.size() - free_.size(); }
  bool full() const { return free_.empty() && slots_.size() >= settings_.streams_max; }

  /// Sends one request; `body` is copied. Only while `ready` and not `full`. What is sent within
  /// one turn of the loop leaves together.
  void send(Opcode opcode, ByteView body, int64_t timeout_ms, std::unique_ptr<Exchange> exchange);
  /// Asks for topology, status and schema events.
  void subscribe();
  /// Asks something small when nothing has come for so long, so that a silent death is found.
  void heartbeat(int64_t idle_ms);

 private:
  static constexpr int16_t handshake_stream_id = 0;
  enum class State : uint8_t { idle, connecting, options, startup, login, ready, ended };
  struct Slot {
    std::unique_ptr<Exchange> exchange;  // null while busy: nobody waits for the answer any more
    int64_t deadline_ms = 0;
    int64_t sent_ms = 0;
  };

  std::array<MutableBytes, 2> receive_buffers() override;
  void received(size_t bytes) override;
  void closed(const Error& why) override;

  void opened(Result<std::unique_ptr<os::Connection>> link);
  void write_message(Opcode opcode, int16_t stream, ByteView body);
  void flush();
  bool gone() const { return state_ == State::ended || state_ == State::idle; }
  Status take_messages();
  Status take_segments();
  Result<size_t> take_frames(ByteView bytes);
  Status take_frame(const FrameHeader& header, ByteView body);
  void handshake(Response response);
  Status offered(const Supported& supported);
  void log_in(const Authenticate& wanted);
  void become_ready();
  void answer(int16_t stream, Response response, ByteView body);
  void sweep();
  void arm_sweep();
  void fail_with(Error why);
  void lose_all(const Error& why);

  os::EventLoop& loop_;
  os::Clock& clock_;
  const SessionSettings& settings_;
  const os::Address address_;
  Owner& owner_;

  State state_ = State::idle;
  Version version_;
  Compression compression_ = Compression::none;
  bool segmented_ = false;  // version 5, after the handshake
  std::unique_ptr<os::Connecting> connecting_;
  std::unique_ptr<os::Connection> link_;
  std::unique_ptr<os::Timer> sweep_timer_;
  bool sweep_armed_ = false;

  std::vector<Slot> slots_;
  std::vector<int16_t> free_;
  int64_t last_received_ms_ = 0;

  ByteBuffer in_;         // what came and was not understood yet
  size_t in_size_ = 0;    // of it, the part that is filled
  ByteBuffer envelopes_;  // version 5: a message that came in several segments
  ByteBuffer scratch_, plain_, packed_;
  ByteBuffer out_;  // version 5: messages of this turn
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool flush_posted_ = false;
};

}  // namespace holdfast::cql
