#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string_view>

#include "base/os/net.h"
#include "broker/core.h"

namespace holdfast::broker {

/// What connections share and whom they report to. Loop thread only.
class ClientHost {
 public:
  virtual ~ClientHost() = default;
  virtual const BrokerLimits& limits() const = 0;
  virtual Instant now() const = 0;
  /// A buffer for whatever comes next, of any connection; its contents are used up before the next
  /// read.
  virtual MutableBytes scratch() = 0;
  /// Whether `bytes` more may be held for a partly received request. Refused: the client waits
  /// until `resume` is called.
  virtual bool reserve(uint64_t bytes) = 0;
  virtual void give_back(uint64_t bytes) = 0;
  /// The log is behind: the client waits until `resume` is called.
  virtual bool congested() const = 0;
  virtual void wait_for_room(uint64_t connection) = 0;
  /// For metrics and the log: a client is turned away, slowed down, answered.
  virtual void refused(Refused reason, uint64_t connection, std::string_view why) = 0;
  virtual void held(Held reason, uint64_t connection) = 0;
  virtual void answered(int16_t api_key, int64_t took_us) = 0;
  virtual void serve(const wire::RequestHeader& request, uint64_t connection,
                     uint64_t sequence) = 0;
  /// The connection is over; destroys the client.
  virtual void gone(uint64_t connection, std::string_view why) = 0;
};

/// One client's connection: cuts what comes in into requests, and sends answers in the order of the
/// requests. Requests that lie whole in the shared buffer are served from there; a larger one gets
/// a buffer of its own size, which is read into directly. Between requests a connection holds no
/// buffer.
class Client final : public os::Connection::Owner {
 public:
  Client(ClientHost& host, uint64_t id, std::unique_ptr<os::Connection> connection);
  ~Client() override;

  void start() { connection_->start(*this); }
  void answer(uint64_t sequence, Response response);
  /// Ends the connection, after the answers that are on their way out.
  void doom(std::string_view why);
  /// Room has come for what `wait_for_room` was called for.
  void resume();
  /// Takes no more requests; ends when all that were taken are answered.
  void drain();

  int64_t last_active_ms() const { return last_active_ms_; }
  bool idle() const { return slots_.empty() && !partial_; }
  std::string peer() const { return connection_->peer().text(); }
  std::string host() const { return connection_->peer().host; }

  std::array<MutableBytes, 2> receive_buffers() override;
  void received(size_t bytes) override;
  void sent() override;
  void closed(const Error& why) override;

 private:
  /// A request of which a part has come.
  struct Partial {
    std::unique_ptr<std::byte[]> bytes;
    size_t size = 0;
    size_t filled = 0;
  };

  /// A request that was taken, and its answer once there is one.
  struct Slot {
    std::optional<Response> answer;
    int64_t taken_us = 0;
    int16_t api_key = -1;
  };

  void take(ByteView bytes);
  size_t take_one(ByteView bytes);
  void serve(ByteView frame);
  bool overloaded() const;
  void send(Slot& slot);
  void send(Response response);
  void hold(Held reason);

  ClientHost& host_;
  const uint64_t id_;
  std::unique_ptr<os::Connection> connection_;
  std::array<std::byte, 4> size_prefix_{};  // the size of the next request, if it came in pieces
  size_t size_filled_ = 0;
  std::optional<Partial> partial_;
  ByteBuffer backlog_;  // received, but not taken up before there is room
  bool waiting_for_room_ = false;
  bool paused_ = false;
  bool doomed_ = false;
  bool draining_ = false;
  uint64_t first_slot_ = 0;
  std::deque<Slot> slots_;   // of the requests from `first_slot_` on
  uint64_t held_bytes_ = 0;  // of answers that wait for one before them
  int64_t last_active_ms_ = 0;
  std::string why_;
};

}  // namespace holdfast::broker
