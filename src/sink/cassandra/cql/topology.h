#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/os/net.h"
#include "sink/cassandra/cql/statement.h"

/// What a cluster looks like, and which nodes hold a token. Pure.
namespace holdfast::cql {

struct NodeInfo {
  os::Address address;
  std::string datacenter, rack;
  std::vector<int64_t> tokens;
};

/// How a keyspace is replicated: copies for each data center, or (`everywhere` > 0) anywhere.
struct Replication {
  std::map<std::string, uint32_t> datacenters;  // NetworkTopologyStrategy
  uint32_t everywhere = 0;                      // SimpleStrategy
  bool operator==(const Replication&) const = default;
};

struct Topology {
  std::vector<NodeInfo> nodes;
  std::map<std::string, Replication> keyspaces;
};

/// The node of `system.local`, which was asked at `address`.
void add_local(Topology& to, const Rows& rows, const os::Address& address);
/// Those of `system.peers_v2`, or of `system.peers` (then they listen on the same port as
/// `address`).
void add_peers(Topology& to, const Rows& rows, const os::Address& address);
/// `system_schema.keyspaces`.
void add_keyspaces(Topology& to, const Rows& rows);

/// Token -> nodes, for every keyspace of a topology.
class Ring {
 public:
  void rebuild(const Topology& topology);
  /// Indexes into the topology's nodes, the first replica first. Empty when nobody knows.
  const std::vector<uint32_t>& replicas(const std::string& keyspace, int64_t token) const;

 private:
  std::vector<int64_t> tokens_;  // sorted; a token belongs to the first one at or above it
  std::map<std::string, std::vector<std::vector<uint32_t>>> replicas_;  // per place in `tokens_`
};

}  // namespace holdfast::cql
