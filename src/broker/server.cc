#include "broker/server.h"

#include <algorithm>
#include <utility>

#include "base/log_line.h"

namespace holdfast::broker {
namespace {

constexpr size_t kScratchBytes = 256u << 10;  // within the second-level cache, with room to spare
constexpr int64_t kSweepMs = 60'000;
constexpr int64_t kLogEveryMs = 1000;

}  // namespace

Server::Server(os::EventLoop& loop, const BrokerSettings& settings, os::Clock& clock)
    : loop_(loop), settings_(settings), clock_(clock), scratch_(kScratchBytes) {
  timer_ = loop.make_timer([this] { tick(); });
  sweep_timer_ = loop.make_timer([this] { sweep(); });
}

Server::~Server() = default;

Result<os::Address> Server::listen(const os::Address& address) {
  listener_ = HOLDFAST_TRY(
      loop_.listen(address, [this](auto connection) { accepted(std::move(connection)); }));
  return listener_->address();
}

Instant Server::now() const {
  return {clock_.steady_ms(), clock_.wall_us() / 1000};
}

void Server::accepted(std::unique_ptr<os::Connection> connection) {
  const os::Address peer = connection->peer();
  if (clients_.size() >= settings_.limits.connections_max) {
    return refuse(
        Refused::connections, peer.text(),
        fmt::format("there are {} connections already (max.connections)", clients_.size()));
  }
  uint32_t& from_there = connections_from_[peer.host];
  if (from_there >= settings_.limits.connections_per_address_max) {
    return refuse(
        Refused::connections_per_address, peer.text(),
        fmt::format("there are {} connections from there (max.connections.per.ip)", from_there));
  }
  ++from_there;
  core_->metrics().connections_accepted.add();
  const uint64_t id = next_connection_++;
  auto& client = clients_[id] = std::make_unique<Client>(*this, id, std::move(connection));
  client->start();
  if (!sweep_armed_) arm_sweep();
}

void Server::serve(const wire::RequestHeader& request, uint64_t connection, uint64_t sequence) {
  core_->serve(request, connection, sequence, now());
  arm();
}

void Server::durable(log::Position upto) {
  core_->durable(upto, now());
  arm();
  room_may_be_there();
}

void Server::arm() {
  const int64_t next = core_->next_deadline_ms();
  if (next >= timer_armed_ms_) return;  // it fires early enough, and looks again then
  timer_armed_ms_ = next;
  timer_->arm(next);
}

void Server::tick() {
  timer_armed_ms_ = INT64_MAX;
  core_->tick(now());
  arm();
}

void Server::answer(const Ticket& ticket, Response response) {
  const auto found = clients_.find(ticket.connection);
  if (found != clients_.end()) found->second->answer(ticket.sequence, std::move(response));
}

void Server::disconnect(uint64_t connection, std::string_view why) {
  const auto found = clients_.find(connection);
  if (found == clients_.end()) return;
  refused(Refused::bad_request, connection, why);
  found->second->doom(why);
}

void Server::refused(Refused reason, uint64_t connection, std::string_view why) {
  const auto found = clients_.find(connection);
  refuse(reason, found == clients_.end() ? "" : found->second->peer(), why);
}

bool Server::may_log(Rarely& rarely, std::string& more) const {
  const int64_t now_ms = clock_.steady_ms();
  if (now_ms < rarely.next_ms) {
    ++rarely.silent;
    return false;
  }
  rarely.next_ms = now_ms + kLogEveryMs;
  const uint64_t silent = std::exchange(rarely.silent, 0);
  if (silent > 0) more = fmt::format(" (and {} more like it since the last such line)", silent);
  return true;
}

void Server::refuse(Refused reason, std::string_view peer, std::string_view why) {
  const auto place = static_cast<size_t>(reason);
  core_->metrics().refused[place].add();
  if (std::string more; may_log(refusals_logged_[place], more))
    log_warning("broker", "connection from {} refused: {}{}", peer, why, more);
}

void Server::held(Held reason, uint64_t connection) {
  const auto place = static_cast<size_t>(reason);
  core_->metrics().held[place].add();
  if (reason == Held::log) return;  // what a busy disk looks like
  const auto found = clients_.find(connection);
  if (std::string more; found != clients_.end() && may_log(holds_logged_[place], more))
    log_info("broker", "{} has to wait: {}{}", found->second->peer(), name(reason), more);
}

std::string Server::host_of(uint64_t connection) const {
  const auto found = clients_.find(connection);
  return found == clients_.end() ? std::string() : found->second->host();
}

void Server::gone(uint64_t connection, std::string_view why) {
  const auto found = clients_.find(connection);
  if (found == clients_.end()) return;
  log_line(LogLevel::debug, "broker",
           fmt::format("connection from {} ended: {}", found->second->peer(), why));
  const auto from_there = connections_from_.find(found->second->host());
  if (from_there != connections_from_.end() && --from_there->second == 0)
    connections_from_.erase(from_there);
  clients_.erase(found);
  core_->forget(connection);
  room_may_be_there();
  check_drained();
}

bool Server::reserve(uint64_t bytes) {
  // A request that is allowed at all is taken when nothing else is held.
  if (reserved_bytes_ > 0 && reserved_bytes_ + bytes > settings_.limits.requests_bytes_max)
    return false;
  reserved_bytes_ += bytes;
  return true;
}

void Server::give_back(uint64_t bytes) {
  reserved_bytes_ -= bytes;
  room_may_be_there();
}

void Server::room_may_be_there() {
  if (waiting_for_room_.empty() || std::exchange(resume_posted_, true)) return;
  loop_.post([this] {
    resume_posted_ = false;
    resume_waiting();
  });
}

void Server::resume_waiting() {
  if (core_->congested()) return;  // the log's next progress asks again
  for (const uint64_t id : std::exchange(waiting_for_room_, {})) {
    if (const auto found = clients_.find(id); found != clients_.end()) found->second->resume();
  }
}

/// Ends connections that have been idle for too long; those that owe us the rest of a request count
/// as well.
void Server::sweep() {
  const int64_t limit = clock_.steady_ms() - settings_.limits.idle_timeout_ms;
  std::vector<uint64_t> idle;
  for (const auto& [id, client] : clients_) {
    if (client->last_active_ms() < limit) idle.push_back(id);
  }
  for (const uint64_t id : idle) {
    core_->metrics().refused[static_cast<size_t>(Refused::idle)].add();
    gone(id, "idle for too long");
  }
  arm_sweep();
}

void Server::arm_sweep() {
  sweep_armed_ = !clients_.empty();
  if (!sweep_armed_) return sweep_timer_->cancel();
  sweep_timer_->arm(clock_.steady_ms() + std::min(kSweepMs, settings_.limits.idle_timeout_ms));
}

void Server::drain(int64_t patience_ms, std::function<void()> done) {
  listener_.reset();
  drained_ = std::move(done);
  drain_timer_ = loop_.make_timer([this] {
    clients_.clear();
    check_drained();
  });
  drain_timer_->arm(clock_.steady_ms() + patience_ms);
  for (const auto& [id, client] : clients_) client->drain();
  core_->answer_waiting_fetches(now());
  check_drained();
}

void Server::check_drained() {
  if (drained_ && clients_.empty()) std::exchange(drained_, nullptr)();
}

}  // namespace holdfast::broker
