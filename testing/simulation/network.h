#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>

#include "base/os/net.h"
#include "testing/simulation/scheduler.h"

namespace holdfast::simulation {

class Wire;

/// A client's end of a connection.
class ClientEnd {
 public:
  virtual ~ClientEnd() = default;
  virtual void received(ByteView bytes) = 0;
  /// The other side is gone. Nothing comes after it.
  virtual void closed() = 0;
};

struct NetworkFaults {
  int64_t slow_one_in = 0;   // chunks that take up to seconds; 0: none
  int64_t reset_one_in = 0;  // chunks during which the connection breaks
  int64_t duplicate_one_in =
      0;  // requests, of those that may, which come again over another connection
};

/// The network between the clients and the broker. Bytes of a connection stay in order; those of
/// different connections overtake each other. Like TCP it delivers late rather than never, also
/// when the sender has long given up: so a request may reach the broker after its client has asked
/// again elsewhere.
///
/// A client that is cut off sends and gets nothing until it is not; then what had been sent
/// arrives.
class Network {
 public:
  explicit Network(Scheduler& scheduler) : scheduler_(scheduler) {}

  void set_faults(const NetworkFaults& faults) { faults_ = faults; }
  /// Cuts the client with this number off.
  void cut_off(uint32_t client, int64_t for_us);
  /// All connections break, without a sign to the clients if `silently` (the machine is gone).
  void broker_gone(bool silently);

  void listen(std::function<void(std::unique_ptr<os::Connection>)> accepted) {
    accepted_ = std::move(accepted);
  }
  /// The client's end is told of nothing more once it closes the wire.
  std::shared_ptr<Wire> connect(uint32_t client, ClientEnd& end);

  uint64_t resets() const { return resets_; }
  uint64_t duplicates() const { return duplicates_; }

 private:
  friend class Wire;
  friend class ServerEnd;
  int64_t latency_us();
  int64_t free_again_us(uint32_t client) const;
  void duplicate(const Wire& of, ByteView frame);

  Scheduler& scheduler_;
  NetworkFaults faults_;
  std::function<void(std::unique_ptr<os::Connection>)> accepted_;
  std::vector<int64_t> cut_off_until_us_;
  std::vector<std::weak_ptr<Wire>> wires_;
  uint64_t resets_ = 0;
  uint64_t duplicates_ = 0;
};

class ServerEnd;

/// One connection, seen from the client.
class Wire : public std::enable_shared_from_this<Wire> {
 public:
  Wire(Network& network, uint32_t client, ClientEnd* end)
      : network_(network), client_(client), end_(end) {}

  /// A whole request frame. `repeatable`: it may come twice.
  void send(ByteView frame, bool repeatable);
  /// The client gives the connection up. What it has sent is still on its way.
  void close();
  uint32_t client() const { return client_; }

 private:
  friend class Network;
  friend class ServerEnd;
  void deliver(ByteBuffer bytes);
  void to_client(ByteBuffer bytes);
  void end_client(int64_t delay_us);
  void end_server();
  void reset();
  int64_t arrival_us(int64_t& last_us);

  Network& network_;
  const uint32_t client_;
  ClientEnd* end_;               // null: closed by the client
  ServerEnd* server_ = nullptr;  // null: not accepted yet, or closed by the broker
  bool was_accepted_ = false;
  bool broken_ = false;
  int64_t last_to_server_us_ = 0;
  int64_t last_to_client_us_ = 0;
};

/// The broker's end.
class ServerEnd final : public os::Connection {
 public:
  ServerEnd(Network& network, std::shared_ptr<Wire> wire)
      : network_(network), wire_(std::move(wire)) {}
  ~ServerEnd() override;

  void start(Owner& owner) override;
  void pause_reading() override { paused_ = true; }
  void resume_reading() override;
  void send(ByteView bytes) override;
  void send_pinned(ByteView bytes, std::shared_ptr<const void> keep) override;
  uint64_t unsent_bytes() const override { return unsent_.size(); }
  void close_after_sending() override;
  os::Address peer() const override { return {"10.0.0." + std::to_string(wire_->client()), 1000}; }

 private:
  friend class Wire;
  void arrived(ByteBuffer bytes);
  void take();
  void flush();
  void flush_soon();
  void peer_gone();

  Network& network_;
  std::shared_ptr<Wire> wire_;
  std::shared_ptr<const void> life_ = std::make_shared<int>();
  Owner* owner_ = nullptr;
  ByteBuffer unread_;
  ByteBuffer unsent_;
  bool paused_ = false;
  bool flushing_ = false;
  bool closing_ = false;
  bool gone_ = false;
};

}  // namespace holdfast::simulation
