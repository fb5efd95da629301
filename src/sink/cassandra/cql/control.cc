#include "sink/cassandra/cql/control.h"

#include <algorithm>

#include "sink/cassandra/cql/call.h"
#include "sink/cassandra/cql/request.h"

namespace holdfast::cql {
namespace {

/// Events come in swarms: one look after the last of them is enough.
constexpr int64_t settle_ms = 200;

}  // namespace

Control::Control(os::EventLoop& loop, os::Clock& clock, const SessionSettings& settings,
                 Listener& listener)
    : loop_(loop),
      clock_(clock),
      settings_(settings),
      listener_(listener),
      backoff_(settings.reconnect_first_ms, settings.reconnect_max_ms) {
  retry_ = loop_.make_timer([this] { connect_next(); });
  refresh_timer_ = loop_.make_timer([this] { refresh(); });
  heartbeat_ = loop_.make_timer([this] { beat(); });
}

void Control::start() {
  heartbeat_->arm(clock_.steady_ms() + settings_.heartbeat_ms);
  connect_next();
}

void Control::beat() {
  if (connection_) connection_->heartbeat(settings_.heartbeat_ms / 2);
  heartbeat_->arm(clock_.steady_ms() + settings_.heartbeat_ms);
}

void Control::connect_next() {
  if (candidates_.empty()) {
    candidates_ = settings_.contact_points;
    for (const NodeInfo& node : known_.nodes)
      if (node.datacenter == settings_.datacenter) candidates_.push_back(node.address);
    for (const NodeInfo& node : known_.nodes)
      if (node.datacenter != settings_.datacenter) candidates_.push_back(node.address);
  }
  refreshing_ = refresh_again_ = false;
  const os::Address next = candidates_.front();
  candidates_.erase(candidates_.begin());
  connection_ = std::make_unique<Connection>(loop_, clock_, settings_, next, *this);
  connection_->start();
}

void Control::connected(Connection& connection) {
  candidates_.clear();
  backoff_.reset();
  connection.subscribe();
  refresh();
}

void Control::broken(Connection&, const Error& why) {
  refreshing_ = false;
  connection_.reset();
  listener_.cannot_reach(why);
  // All of a round at once, then a pause.
  retry_->arm(clock_.steady_ms() + (candidates_.empty() ? backoff_.next_ms() : 0));
}

void Control::happened(Connection&, const Response& event) {
  if (std::holds_alternative<SchemaChange>(event)) {
    listener_.schema_changed();
    return refresh_soon(settle_ms);
  }
  const auto* topology = std::get_if<TopologyEvent>(&event);
  if (topology == nullptr) return;
  if (topology->change == "UP") listener_.node_is_up({topology->host, topology->port});
  refresh_soon(settle_ms);
}

void Control::refresh_soon(int64_t in_ms) {
  refresh_timer_->arm(clock_.steady_ms() + in_ms);
}

void Control::ask(std::string cql, std::function<void(Result<Reply>)> then) {
  ByteBuffer body;
  Writer writer(body);
  encode_query(writer, connection_->version(), cql, {.consistency = Consistency::one});
  connection_->send(
      Opcode::query, body, settings_.request_timeout_ms,
      std::make_unique<Call>([then = std::move(then)](Result<Response> response, ByteView bytes) {
        if (!response) return then(std::unexpected(response.error()));
        if (const auto* error = std::get_if<ErrorResponse>(&*response))
          return then(fail(
              error->code == ServerError::invalid ? ErrorCode::not_found : ErrorCode::unavailable,
              error->message));
        then(keep_rows(*response, bytes));
      }));
}

void Control::give_up(const Error& why) {
  refreshing_ = false;
  if (!connection_) return;  // it broke: that is said elsewhere
  connection_.reset();
  listener_.cannot_reach(why);
  retry_->arm(clock_.steady_ms() + backoff_.next_ms());
}

void Control::refresh() {
  if (!connection_ || !connection_->ready()) return;
  if (std::exchange(refreshing_, true)) {
    refresh_again_ = true;
    return;
  }
  gathering_ = {};
  ask("SELECT * FROM system.local WHERE key = 'local'", [this](Result<Reply> rows) {
    if (!rows || !*rows)
      return rows ? give_up({ErrorCode::unavailable, "no system.local"}) : give_up(rows.error());
    add_local(gathering_, **rows, connection_->peer());
    ask_peers();
  });
}

void Control::ask_peers() {
  ask("SELECT * FROM system.peers_v2", [this](Result<Reply> rows) {
    if (rows && *rows) {
      add_peers(gathering_, **rows, connection_->peer());
      return ask_keyspaces();
    }
    if (rows || rows.error().code != ErrorCode::not_found)
      return give_up(rows ? Error{ErrorCode::unavailable, "no system.peers_v2"} : rows.error());
    // ScyllaDB, and Cassandra before 4.0.
    ask("SELECT * FROM system.peers", [this](Result<Reply> older) {
      if (!older || !*older)
        return give_up(older ? Error{ErrorCode::unavailable, "no system.peers"} : older.error());
      add_peers(gathering_, **older, connection_->peer());
      ask_keyspaces();
    });
  });
}

void Control::ask_keyspaces() {
  ask("SELECT keyspace_name, replication FROM system_schema.keyspaces", [this](Result<Reply> rows) {
    if (!rows || !*rows)
      return give_up(rows ? Error{ErrorCode::unavailable, "no keyspaces"} : rows.error());
    add_keyspaces(gathering_, **rows);
    known_ = std::move(gathering_);
    refreshing_ = false;
    listener_.seen(known_);
    if (std::exchange(refresh_again_, false)) refresh();
  });
}

}  // namespace holdfast::cql
