#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/os/clock.h"
#include "base/os/net.h"
#include "broker/client.h"
#include "broker/core.h"

namespace holdfast::broker {

/// Joins the core to the world: sockets, clock, timer. Loop thread only.
class Server final : public Outlet, public ClientHost {
 public:
  Server(os::EventLoop& loop, const BrokerSettings& settings, os::Clock& clock);
  ~Server() override;

  /// `core` answers through this server, and is served by it from now on.
  void attach(Core& core) { core_ = &core; }
  Result<os::Address> listen(const os::Address& address);

  /// The log has come so far.
  void durable(log::Position upto);
  /// Sees to it that the core is called when something is due. After everything that may change
  /// that.
  void arm();

  /// Takes no more connections and requests; calls `done` when all is answered, or after
  /// `patience_ms`.
  void drain(int64_t patience_ms, std::function<void()> done);

  /// For whoever watches, in Prometheus' text form.
  std::string metrics() const {
    return metrics_text(
        *core_, {.connections = clients_.size(), .request_bytes = reserved_bytes_, .now = now()});
  }

  void answer(const Ticket& ticket, Response response) override;
  void disconnect(uint64_t connection, std::string_view why) override;
  std::string host_of(uint64_t connection) const override;

 private:
  const BrokerLimits& limits() const override { return settings_.limits; }
  Instant now() const override;
  MutableBytes scratch() override { return scratch_; }
  bool reserve(uint64_t bytes) override;
  void give_back(uint64_t bytes) override;
  bool congested() const override { return core_->congested(); }
  void wait_for_room(uint64_t connection) override { waiting_for_room_.push_back(connection); }
  void refused(Refused reason, uint64_t connection, std::string_view why) override;
  void held(Held reason, uint64_t connection) override;
  void answered(int16_t api_key, int64_t took_us) override {
    core_->metrics().answered(api_key, took_us);
  }
  void serve(const wire::RequestHeader& request, uint64_t connection, uint64_t sequence) override;
  void gone(uint64_t connection, std::string_view why) override;

  /// Keeps a flood of equal lines out of the log.
  struct Rarely {
    int64_t next_ms = 0;
    uint64_t silent = 0;
  };
  bool may_log(Rarely& rarely, std::string& more) const;
  void refuse(Refused reason, std::string_view peer, std::string_view why);

  void accepted(std::unique_ptr<os::Connection> connection);
  void room_may_be_there();
  void resume_waiting();
  void tick();
  void sweep();
  void arm_sweep();
  void check_drained();

  os::EventLoop& loop_;
  const BrokerSettings& settings_;
  os::Clock& clock_;
  Core* core_ = nullptr;
  std::vector<std::byte> scratch_;
  std::unique_ptr<os::Listener> listener_;
  std::unique_ptr<os::Timer> timer_;  // for the core's deadlines
  int64_t timer_armed_ms_ = INT64_MAX;
  std::unique_ptr<os::Timer> sweep_timer_;  // for idle connections; armed while there are any
  bool sweep_armed_ = false;
  uint64_t next_connection_ = 1;
  std::unordered_map<uint64_t, std::unique_ptr<Client>> clients_;
  std::unordered_map<std::string, uint32_t> connections_from_;  // by address, without ports
  std::array<Rarely, 5> refusals_logged_;
  std::array<Rarely, 4> holds_logged_;
  uint64_t reserved_bytes_ = 0;
  std::vector<uint64_t> waiting_for_room_;
  bool resume_posted_ = false;
  std::function<void()> drained_;
  std::unique_ptr<os::Timer> drain_timer_;
};

}  // namespace holdfast::broker
