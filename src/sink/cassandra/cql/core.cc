#include "sink/cassandra/cql/core.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/log_line.h"
#include "sink/cassandra/cql/call.h"
#include "sink/cassandra/cql/request.h"

namespace holdfast::cql {
namespace {

constexpr int64_t drain_every_ms = 20;  // while requests wait for a stream

Opcode encode(const Request& request, Version version, ByteBuffer& to) {
  Writer writer(to);
  Parameters parameters{.consistency = request.consistency,
                        .page_rows = request.page_rows,
                        .serial = request.serial,
                        .timestamp_us = request.timestamp_us};
  if (request.paging_state) parameters.paging_state = ByteView(*request.paging_state);
  if (request.bound.size() > 1) {
    std::vector<BatchStatement> statements;
    statements.reserve(request.bound.size());
    for (const Bound& bound : request.bound)
      statements.push_back(
          {.prepared_id = bound.statement->id, .values = {bound.value_count, bound.values}});
    encode_batch(writer, version, request.batch, statements, parameters);
    return Opcode::batch;
  }
  if (request.bound.empty()) {
    parameters.values = {request.value_count, request.values};
    encode_query(writer, version, request.cql, parameters);
    return Opcode::query;
  }
  const Bound& bound = request.bound.front();
  parameters.values = {bound.value_count, bound.values};
  encode_execute(writer, version, bound.statement->id, bound.statement->result_metadata_id,
                 parameters);
  return Opcode::execute;
}

bool same_variables(const Prepared& before, const PreparedResult& now) {
  if (before.variables.size() != now.variables.columns.size()) return false;
  for (size_t i = 0; i < before.variables.size(); ++i)
    if (before.variables[i].type != now.variables.columns[i].type) return false;
  return true;
}

}  // namespace

Core::Core(os::EventLoop& loop, os::Clock& clock, SessionSettings settings,
           std::function<void()> changed)
    : loop_(loop), clock_(clock), settings_(std::move(settings)), changed_(std::move(changed)) {
  control_ = std::make_unique<Control>(loop_, clock_, settings_, *this);
  drain_timer_ = loop_.make_timer([this] { drain(); });
}

Core::~Core() {
  closing_ = true;
  control_.reset();
  pools_.clear();
  for (auto& flight : queue_)
    flight->end(Certainty::not_applied, "closed", "the session was closed");
  for (auto& [key, flights] : preparing_)
    for (auto& flight : flights)
      flight->end(Certainty::not_applied, "closed", "the session was closed");
}

void Core::start() {
  control_->start();
}

void Core::seen(const Topology& topology) {
  topology_ = topology;
  if (settings_.datacenter.empty()) settings_.datacenter = topology.nodes.front().datacenter;
  std::vector<std::unique_ptr<Pool>> keep;
  std::vector<Pool*> fresh;
  pool_of_node_.assign(topology.nodes.size(), nullptr);
  bool known = false;
  for (size_t i = 0; i < topology.nodes.size(); ++i) {
    const NodeInfo& node = topology.nodes[i];
    const bool local = node.datacenter == settings_.datacenter;
    known = known || local;
    if (!local && !settings_.other_datacenters) continue;
    const auto old = std::ranges::find_if(pools_, [&](const auto& pool) {
      return pool && pool->node().address.text() == node.address.text();
    });
    if (old != pools_.end()) {
      keep.push_back(std::move(*old));
    } else {
      keep.push_back(
          std::make_unique<Pool>(loop_, clock_, settings_, node, [this] { pool_changed(); }));
      fresh.push_back(keep.back().get());
    }
    pool_of_node_[i] = keep.back().get();
  }
  std::swap(pools_, keep);
  ring_.rebuild(topology);
  keep.clear();  // nodes that left: what is in flight on them is lost, and may be launched again
  for (Pool* pool : fresh) pool->start();
  if (!known) {
    trouble_ = Error{ErrorCode::invalid,
                     fmt::format("the cluster has no data center \"{}\"", settings_.datacenter)};
    changed_();
  }
}

void Core::node_is_up(const os::Address& address) {
  for (const auto& pool : pools_)
    if (pool->node().address.text() == address.text()) pool->try_now();
}

void Core::schema_changed() {
  ++schema_changes_;
  changed_();
}

void Core::cannot_reach(const Error& why) {
  trouble_ = why;
  changed_();
}

void Core::pool_changed() {
  if (closing_) return;
  if (usable()) trouble_.reset();
  for (const auto& pool : pools_)
    if (!pool->trouble().empty() && !usable())
      trouble_ = Error{ErrorCode::unavailable, pool->trouble()};
  drain();
  changed_();
}

bool Core::usable() const {
  return std::ranges::any_of(pools_, [](const auto& pool) { return pool->reachable(); });
}

std::vector<NodeReport> Core::nodes() const {
  std::vector<NodeReport> all;
  for (const auto& pool : pools_)
    all.push_back(
        {pool->node().address, pool->node().datacenter, pool->reachable(), pool->trouble()});
  return all;
}

Connection* Core::choose_replica(const Flight& flight) {
  if (!flight.request.token || flight.request.bound.empty()) return nullptr;
  const Prepared& statement = *flight.request.bound.front().statement;
  if (statement.variables.empty()) return nullptr;
  for (const uint32_t node :
       ring_.replicas(statement.variables.front().keyspace, *flight.request.token)) {
    Pool* pool = pool_of_node_[node];
    if (pool == nullptr || pool->node().datacenter != settings_.datacenter ||
        std::ranges::find(flight.tried, pool->node().address.text(), &os::Address::text) !=
            flight.tried.end())
      continue;
    if (Connection* connection = pool->pick()) return connection;
  }
  return nullptr;
}

Connection* Core::choose(const Flight& flight, bool& all_busy) {
  if (Connection* replica = choose_replica(flight)) return replica;
  // Local ones first, beginning at another one each time; those that failed only if none is left.
  ++next_pool_;
  for (const bool again : {false, true})
    for (const bool local : {true, false})
      for (size_t i = 0; i < pools_.size(); ++i) {
        Pool& pool = *pools_[(next_pool_ + i) % pools_.size()];
        if ((pool.node().datacenter == settings_.datacenter) != local) continue;
        const bool failed = std::ranges::find(flight.tried, pool.node().address.text(),
                                              &os::Address::text) != flight.tried.end();
        if (failed != again) continue;
        if (Connection* connection = pool.pick()) return connection;
        all_busy = all_busy || pool.reachable();
      }
  return nullptr;
}

void Core::launch(std::unique_ptr<Flight> flight) {
  // A request that was sent once already is in doubt, whatever happens now.
  const Certainty certainty = flight->sent_again > 0 ? Certainty::unknown : Certainty::not_applied;
  if (closing_) return flight->end(certainty, "closed", "the session was closed");
  const int64_t now = clock_.steady_ms();
  if (flight->give_up_ms == 0)
    flight->give_up_ms = now + (flight->request.timeout_ms > 0 ? flight->request.timeout_ms
                                                               : settings_.request_timeout_ms);
  bool all_busy = false;
  if (Connection* connection = choose(*flight, all_busy))
    return send(std::move(flight), *connection);
  if (!all_busy)
    return flight->end(
        certainty, "no_node",
        fmt::format("no node of data center {} can be reached{}{}", settings_.datacenter,
                    trouble_ ? ": " : "", trouble_ ? trouble_->message : ""));
  if (queue_.size() >= settings_.queued_max)
    return flight->end(certainty, "queue_full", "too many requests wait for a connection");
  queue_.push_back(std::move(flight));
  drain_timer_->arm(now + drain_every_ms);
}

void Core::drain() {
  expire();
  for (size_t many = queue_.size(); many > 0 && !queue_.empty(); --many) {
    std::unique_ptr<Flight> flight = std::move(queue_.front());
    queue_.pop_front();
    const size_t before = queue_.size();
    launch(std::move(flight));
    if (queue_.size() > before) break;  // it waits again, and so would the others
  }
  if (!queue_.empty()) drain_timer_->arm(clock_.steady_ms() + drain_every_ms);
}

void Core::expire() {
  const int64_t now = clock_.steady_ms();
  while (!queue_.empty() && queue_.front()->give_up_ms <= now) {
    const auto flight = std::move(queue_.front());
    queue_.pop_front();
    flight->end(flight->sent_again > 0 ? Certainty::unknown : Certainty::not_applied, "timeout",
                "no connection was free in time");
  }
}

void Core::send(std::unique_ptr<Flight> flight, Connection& on) {
  scratch_.clear();
  const Opcode opcode = encode(flight->request, on.version(), scratch_);
  const int64_t timeout_ms =
      flight->request.timeout_ms > 0 ? flight->request.timeout_ms : settings_.request_timeout_ms;
  on.send(opcode, scratch_, timeout_ms, std::move(flight));
}

void Core::prepare_again(std::unique_ptr<Flight> flight, Connection& on, Statement statement) {
  if (on.full()) return launch(std::move(flight));
  const std::string key = on.address().text() + "\n" + statement->cql;
  Waiting& waiting = preparing_[key];
  waiting.push_back(std::move(flight));
  if (waiting.size() > 1) return;
  scratch_.clear();
  Writer writer(scratch_);
  encode_prepare(writer, on.version(), statement->cql);
  on.send(Opcode::prepare, scratch_, settings_.request_timeout_ms,
          std::make_unique<Call>([this, key, statement](Result<Response> response, ByteView) {
            prepared(key, statement, std::move(response));
          }));
}

void Core::prepared(const std::string& key, const Statement& statement, Result<Response> response) {
  const auto found = preparing_.find(key);
  if (found == preparing_.end()) return;
  Waiting waiting = std::move(found->second);
  preparing_.erase(found);
  const auto* result = response ? std::get_if<PreparedResult>(&*response) : nullptr;
  std::string why;
  if (!response) why = response.error().message;
  if (const auto* error = response ? std::get_if<ErrorResponse>(&*response) : nullptr)
    why = error->message;
  if (result != nullptr && (result->id != statement->id || !same_variables(*statement, *result)))
    why = "the table is no longer what the statement was prepared for";
  for (auto& flight : waiting) {
    if (!why.empty() && (response || !flight->request.idempotent))
      flight->end(Certainty::not_applied, "schema", why + ": " + statement->cql);
    else
      launch(std::move(flight));
  }
}

void Core::prepare(std::string cql, PrepareDone done) {
  Flight probe(*this, {}, [](Answer) {});
  bool busy = false;
  Connection* on = choose(probe, busy);
  if (on == nullptr)
    return done(fail(ErrorCode::unavailable, fmt::format("no node of data center {} can be reached",
                                                         settings_.datacenter)));
  scratch_.clear();
  Writer writer(scratch_);
  encode_prepare(writer, on->version(), cql);
  on->send(Opcode::prepare, scratch_, settings_.request_timeout_ms,
           std::make_unique<Call>([cql, done = std::move(done)](Result<Response> response,
                                                                ByteView) mutable {
             if (!response) return done(fail(ErrorCode::unavailable, response.error().message));
             if (const auto* error = std::get_if<ErrorResponse>(&*response)) {
               const bool ours = certainty_of(error->code) == Certainty::refused;
               return done(fail(ours ? ErrorCode::invalid : ErrorCode::unavailable,
                                error->message + ": " + cql));
             }
             auto* result = std::get_if<PreparedResult>(&*response);
             if (result == nullptr)
               return done(fail(ErrorCode::unavailable, "PREPARE was answered by something else"));
             auto made = std::make_shared<Prepared>();
             made->cql = std::move(cql);
             made->id = std::move(result->id);
             made->result_metadata_id = std::move(result->result_metadata_id);
             made->variables = std::move(result->variables.columns);
             made->partition_key = std::move(result->variables.partition_key);
             made->columns = std::move(result->result.columns);
             done(Statement(std::move(made)));
           }));
}

}  // namespace holdfast::cql
