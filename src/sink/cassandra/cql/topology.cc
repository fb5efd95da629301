#include "sink/cassandra/cql/topology.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "sink/cassandra/cql/rows.h"
#include "sink/cassandra/cql/value.h"

namespace holdfast::cql {
namespace {

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return number;
}

NodeInfo node_in(const RowCursor& row) {
  NodeInfo node;
  node.datacenter = text_of(row.at("data_center")).value_or("");
  node.rack = text_of(row.at("rack")).value_or("");
  for (const ByteView token : elements_of(row.at("tokens")).value_or(std::vector<ByteView>{}))
    if (const auto number = number_in<int64_t>(as_text(token))) node.tokens.push_back(*number);
  return node;
}

bool is_any(const std::string& host) {
  return host == "0.0.0.0" || host == "::";
}

Replication replication_in(const std::map<std::string, std::string>& options) {
  Replication replication;
  const auto strategy = options.find("class");
  if (strategy == options.end()) return replication;
  if (strategy->second.ends_with("SimpleStrategy")) {
    const auto factor = options.find("replication_factor");
    if (factor != options.end())
      replication.everywhere = number_in<uint32_t>(factor->second).value_or(0);
  } else if (strategy->second.ends_with("NetworkTopologyStrategy")) {
    for (const auto& [name, value] : options)
      if (const auto factor = number_in<uint32_t>(value); factor && name != "class")
        replication.datacenters[name] = *factor;
  }
  return replication;
}

struct Place {
  int64_t token;
  uint32_t node;
};

/// Walks the ring from one place and takes what one data center wants: different racks first.
class DatacenterWalk {
 public:
  DatacenterWalk(uint32_t wanted, size_t racks) : wanted_(wanted), racks_(racks) {}

  bool full() const { return taken_.size() >= wanted_; }
  void offer(uint32_t node, const std::string& rack, std::vector<uint32_t>& to) {
    if (full() || taken_.contains(node)) return;
    if (seen_.contains(rack) && seen_.size() < racks_) {
      if (std::ranges::find(skipped_, node) == skipped_.end()) skipped_.push_back(node);
      return;
    }
    take(node, to);
    if (!seen_.insert(rack).second || seen_.size() < racks_) return;
    for (const uint32_t other : skipped_)
      if (!full()) take(other, to);
  }

 private:
  void take(uint32_t node, std::vector<uint32_t>& to) {
    if (taken_.insert(node).second) to.push_back(node);
  }
  const uint32_t wanted_;
  const size_t racks_;
  std::set<uint32_t> taken_;
  std::set<std::string> seen_;
  std::vector<uint32_t> skipped_;
};

std::vector<uint32_t> walk_datacenters(const Topology& topology, const std::vector<Place>& ring,
                                       size_t begin, const Replication& replication) {
  std::map<std::string, std::set<std::string>> racks;
  for (const NodeInfo& node : topology.nodes) racks[node.datacenter].insert(node.rack);
  std::map<std::string, DatacenterWalk> walks;
  for (const auto& [name, factor] : replication.datacenters)
    if (racks.contains(name)) walks.try_emplace(name, factor, racks[name].size());
  std::vector<uint32_t> found;
  for (size_t i = 0; i < ring.size(); ++i) {
    const uint32_t node = ring[(begin + i) % ring.size()].node;
    const auto walk = walks.find(topology.nodes[node].datacenter);
    if (walk != walks.end()) walk->second.offer(node, topology.nodes[node].rack, found);
  }
  return found;
}

std::vector<uint32_t> walk_everywhere(const std::vector<Place>& ring, size_t begin,
                                      uint32_t wanted) {
  std::vector<uint32_t> found;
  for (size_t i = 0; i < ring.size() && found.size() < wanted; ++i) {
    const uint32_t node = ring[(begin + i) % ring.size()].node;
    if (std::ranges::find(found, node) == found.end()) found.push_back(node);
  }
  return found;
}

}  // namespace

void add_local(Topology& to, const Rows& rows, const os::Address& address) {
  RowCursor row(rows);
  if (!row.next()) return;
  NodeInfo node = node_in(row);
  node.address = address;
  to.nodes.push_back(std::move(node));
}

void add_peers(Topology& to, const Rows& rows, const os::Address& address) {
  for (RowCursor row(rows); row.next();) {
    NodeInfo node = node_in(row);
    auto host = host_of(row.at("native_address"));
    if (!host) host = host_of(row.at("rpc_address"));
    if (!host || is_any(*host)) host = host_of(row.at("peer"));
    const int64_t port = int_of(row.at("native_port")).value_or(address.port);
    if (!host || node.datacenter.empty() || port <= 0 || port > UINT16_MAX) continue;
    node.address = {*host, static_cast<uint16_t>(port)};
    to.nodes.push_back(std::move(node));
  }
}

void add_keyspaces(Topology& to, const Rows& rows) {
  for (RowCursor row(rows); row.next();) {
    const auto name = text_of(row.at("keyspace_name"));
    const auto options = text_map_of(row.at("replication"));
    if (name && options) to.keyspaces[*name] = replication_in(*options);
  }
}

void Ring::rebuild(const Topology& topology) {
  std::vector<Place> ring;
  for (uint32_t i = 0; i < topology.nodes.size(); ++i)
    for (const int64_t token : topology.nodes[i].tokens) ring.push_back({token, i});
  std::ranges::sort(ring, {}, &Place::token);
  tokens_.clear();
  for (const Place& place : ring) tokens_.push_back(place.token);
  replicas_.clear();
  std::vector<std::pair<Replication, std::vector<std::vector<uint32_t>>>> made;
  for (const auto& [keyspace, replication] : topology.keyspaces) {
    const auto same =
        std::ranges::find(made, replication, [](const auto& one) { return one.first; });
    if (same != made.end()) {
      replicas_[keyspace] = same->second;
      continue;
    }
    std::vector<std::vector<uint32_t>> all(ring.size());
    for (size_t i = 0; i < ring.size(); ++i)
      all[i] = replication.everywhere > 0 ? walk_everywhere(ring, i, replication.everywhere)
                                          : walk_datacenters(topology, ring, i, replication);
    made.emplace_back(replication, all);
    replicas_[keyspace] = std::move(all);
  }
}

const std::vector<uint32_t>& Ring::replicas(const std::string& keyspace, int64_t token) const {
  static const std::vector<uint32_t> nobody;
  const auto found = replicas_.find(keyspace);
  if (found == replicas_.end() || tokens_.empty()) return nobody;
  const auto at = std::ranges::lower_bound(tokens_, token);
  const size_t place = at == tokens_.end() ? 0 : static_cast<size_t>(at - tokens_.begin());
  return found->second[place];
}

}  // namespace holdfast::cql
