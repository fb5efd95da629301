#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/os/net.h"
#include "base/result.h"
#include "sink/cassandra/cql/protocol.h"
#include "sink/cassandra/cql/statement.h"

namespace holdfast::cql {

class TlsContext;

struct TlsSettings {
  bool enabled = false;
  std::string ca_file = {};           // PEM; empty: the system's
  std::string certificate_file = {};  // of ours, when the server wants one
  std::string key_file = {};
  bool verify_host = true;
  std::shared_ptr<const TlsContext> context = {};  // of these files; Session::open makes it
};

struct SessionSettings {
  std::vector<os::Address> contact_points = {};
  std::string datacenter = {};  // whose nodes are asked; empty: that of the first that answers
  /// Whether nodes of other data centers are asked while none of `datacenter` can be.
  bool other_datacenters = false;
  std::string user = {}, password = {};
  TlsSettings tls = {};
  Version version_max = Version::v5;
  Compression compression = Compression::none;
  std::map<std::string, std::string> startup = {};  // more of what STARTUP says, by its names

  size_t connections_per_node = 1;
  size_t streams_max = 2048;   // requests in flight on one connection, at most 32768
  size_t queued_max = 65'536;  // waiting for a free stream; beyond, a request fails at once
  size_t window = 1024;        // of run_all: its requests under way at a time
  int64_t connect_timeout_ms = 5'000;
  int64_t request_timeout_ms =
      10'000;  // above the servers' own (2 to 10 s), so that they speak first
  int64_t heartbeat_ms = 30'000;
  int64_t reconnect_first_ms = 100;  // doubles, with jitter
  int64_t reconnect_max_ms = 10'000;
  uint32_t message_bytes_max = 256u << 20;
};

/// A node as the session sees it.
struct NodeReport {
  os::Address address;
  std::string datacenter;
  bool reachable = false;
  std::string trouble;  // of the last attempt to connect
};

/// A client of an Apache Cassandra (or ScyllaDB) cluster: connections to the nodes of one data
/// center, each with many requests in flight, routed to replicas by token.
///
/// A request that surely was not applied is sent to another node; one in doubt is sent again only
/// when it is marked idempotent; there is no speculative sending. While no node can be reached,
/// requests fail at once with `not_applied`: waiting is the caller's.
///
/// Threads: all of it from any thread; a thread of the session's own does the work and calls back.
/// A callback must not wait.
class Session {
 public:
  /// Waits until one node of the data center is connected. `unavailable` when none can be reached
  /// in `connect_timeout_ms`, `invalid` when a login is refused or there is no such data center.
  static Result<std::unique_ptr<Session>> open(const SessionSettings& settings);
  /// What is in flight ends as `unknown`, what waits as `not_applied`.
  ~Session();

  /// `done` is called once, on the session's thread.
  void submit(Request request, Done done);
  /// Waits for the answer.
  Answer run(Request request);
  Answer run(std::string cql, Consistency consistency = Consistency::local_quorum);
  /// All answers, in the order of the requests, of which `window` are under way at a time.
  /// Those that were answered are used up; those that failed can be sent again. After the first
  /// that fails (but for those that are `refused`, which are one event's own fault) no more are
  /// begun: they end as `not_applied`, code "not_sent". So a node's death costs one time-out, not
  /// one for each window.
  std::vector<Answer> run_all(std::span<Request> requests);
  Result<Statement> prepare(std::string cql);
  /// Runs a statement that changes the schema, then waits until all nodes that live agree on it:
  /// before, some would refuse writes. `timeout` when they do not agree in time.
  Status change_schema(std::string cql);

  std::vector<NodeReport> nodes() const;
  const std::string& datacenter() const;
  /// Grows whenever a schema changes anywhere in the cluster.
  uint64_t schema_changes() const;

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::cql
