#include "sink/cassandra/cql/pool.h"

#include <algorithm>

#include "base/log_line.h"

namespace holdfast::cql {

Pool::Pool(os::EventLoop& loop, os::Clock& clock, const SessionSettings& settings, NodeInfo node,
           std::function<void()> changed)
    : loop_(loop),
      clock_(clock),
      settings_(settings),
      node_(std::move(node)),
      changed_(std::move(changed)),
      backoff_(settings.reconnect_first_ms, settings.reconnect_max_ms) {
  retry_ = loop_.make_timer([this] { fill(); });
  heartbeat_ = loop_.make_timer([this] { beat(); });
}

void Pool::start() {
  fill();
  heartbeat_->arm(clock_.steady_ms() + settings_.heartbeat_ms);
}

void Pool::fill() {
  while (connections_.size() < settings_.connections_per_node) {
    connections_.push_back(
        std::make_unique<Connection>(loop_, clock_, settings_, node_.address, *this));
    connections_.back()->start();
  }
}

void Pool::beat() {
  for (size_t i = 0; i < connections_.size(); ++i)
    connections_[i]->heartbeat(settings_.heartbeat_ms / 2);
  heartbeat_->arm(clock_.steady_ms() + settings_.heartbeat_ms);
}

Connection* Pool::pick() {
  Connection* best = nullptr;
  for (const auto& connection : connections_) {
    if (!connection->ready() || connection->full()) continue;
    if (best == nullptr || connection->in_flight() < best->in_flight()) best = connection.get();
  }
  return best;
}

bool Pool::reachable() const {
  return std::ranges::any_of(connections_, [](const auto& one) { return one->ready(); });
}

void Pool::try_now() {
  if (connections_.size() >= settings_.connections_per_node) return;
  backoff_.reset();
  retry_->cancel();
  fill();
}

void Pool::connected(Connection&) {
  if (!trouble_.empty()) log_info("cassandra", "{} answers again", node_.address.text());
  trouble_.clear();
  backoff_.reset();
  changed_();
}

void Pool::broken(Connection& connection, const Error& why) {
  if (trouble_.empty()) log_warning("cassandra", "{}", why.message);
  trouble_ = why.message;
  std::erase_if(connections_, [&](const auto& one) { return one.get() == &connection; });
  retry_->arm(clock_.steady_ms() + backoff_.next_ms());
  changed_();
}

}  // namespace holdfast::cql
