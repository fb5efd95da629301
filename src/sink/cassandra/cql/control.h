#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sink/cassandra/cql/backoff.h"
#include "sink/cassandra/cql/connection.h"
#include "sink/cassandra/cql/topology.h"

namespace holdfast::cql {

/// The one connection that tells what the cluster looks like, and hears when that changes. It moves
/// to another node when its own dies. Loop thread only.
class Control final : public Connection::Owner {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void seen(const Topology& topology) = 0;
    virtual void node_is_up(const os::Address& address) = 0;
    virtual void schema_changed() = 0;
    /// No node could be asked, for now; it goes on trying. `invalid`: a login is refused.
    virtual void cannot_reach(const Error& why) = 0;
  };

  Control(os::EventLoop& loop, os::Clock& clock, const SessionSettings& settings,
          Listener& listener);
  void start();

 private:
  void connected(Connection& connection) override;
  void broken(Connection& connection, const Error& why) override;
  void happened(Connection& connection, const Response& event) override;

  void connect_next();
  void refresh();
  void refresh_soon(int64_t in_ms);
  void ask(std::string cql, std::function<void(Result<Reply>)> then);
  void ask_peers();
  void ask_keyspaces();
  void give_up(const Error& why);
  void beat();

  os::EventLoop& loop_;
  os::Clock& clock_;
  const SessionSettings& settings_;
  Listener& listener_;
  std::unique_ptr<Connection> connection_;
  std::vector<os::Address> candidates_;  // of the present round
  std::unique_ptr<os::Timer> retry_, refresh_timer_, heartbeat_;
  Backoff backoff_;
  Topology gathering_, known_;
  bool refreshing_ = false, refresh_again_ = false;
};

}  // namespace holdfast::cql
