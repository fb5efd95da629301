#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sink/cassandra/cql/backoff.h"
#include "sink/cassandra/cql/connection.h"
#include "sink/cassandra/cql/topology.h"

namespace holdfast::cql {

/// The connections to one node, made again with back-off when they break. Loop thread only.
class Pool final : public Connection::Owner {
 public:
  /// `changed` is called when the first connection is ready, when a stream may be free again after
  /// none was, and when the last one broke.
  Pool(os::EventLoop& loop, os::Clock& clock, const SessionSettings& settings, NodeInfo node,
       std::function<void()> changed);

  void start();
  /// The least busy connection that has a free stream; null: none.
  Connection* pick();
  bool reachable() const;
  const NodeInfo& node() const { return node_; }
  const std::string& trouble() const { return trouble_; }
  /// The node is said to be up again: do not wait for the pause to end.
  void try_now();

 private:
  void connected(Connection& connection) override;
  void broken(Connection& connection, const Error& why) override;
  void happened(Connection&, const Response&) override {}
  void fill();
  void beat();

  os::EventLoop& loop_;
  os::Clock& clock_;
  const SessionSettings& settings_;
  const NodeInfo node_;
  std::function<void()> changed_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::unique_ptr<os::Timer> retry_, heartbeat_;
  Backoff backoff_;
  std::string trouble_;
};

}  // namespace holdfast::cql
