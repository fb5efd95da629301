#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sink/cassandra/cql/control.h"
#include "sink/cassandra/cql/pool.h"
#include "sink/cassandra/cql/statement.h"

namespace holdfast::cql {

class Core;

/// One request of a user on its way, over as many nodes as it takes. Loop thread only.
class Flight final : public Exchange {
 public:
  Flight(Core& core, Request wanted, Done done)
      : request(std::move(wanted)), core_(core), done_(std::move(done)) {}

  void answered(std::unique_ptr<Exchange> self, Connection& on, Response response,
                ByteView body) override;
  void lost(std::unique_ptr<Exchange> self, const Error& why) override;
  void end(Answer answer) {
    if (!answer) answer.error().request = std::make_shared<Request>(std::move(request));
    done_(std::move(answer));
  }
  void end(Certainty certainty, std::string code, std::string message) {
    end(std::unexpected(Failure{certainty, std::move(code), std::move(message)}));
  }

  Request request;
  std::vector<os::Address> tried = {};  // nodes that are not to be asked again
  size_t prepared_again = 0;
  int sent_again = 0;
  int64_t give_up_ms = 0;

 private:
  void refused(std::unique_ptr<Flight> self, Connection& on, ErrorResponse error);

  Core& core_;
  Done done_;
};

/// The session's inside: pools, routing, what waits. Loop thread only.
class Core final : public Control::Listener {
 public:
  Core(os::EventLoop& loop, os::Clock& clock, SessionSettings settings,
       std::function<void()> changed);
  ~Core() override;
  void start();

  /// Sends it to the best node, or keeps it until a stream is free, or ends it.
  void launch(std::unique_ptr<Flight> flight);
  /// Makes the server of that connection know a statement again, then launches the flight there.
  void prepare_again(std::unique_ptr<Flight> flight, Connection& on, Statement statement);
  using PrepareDone = std::move_only_function<void(Result<Statement>)>;
  void prepare(std::string cql, PrepareDone done);
  const SessionSettings& settings() const { return settings_; }

  bool usable() const;
  const std::optional<Error>& trouble() const { return trouble_; }
  std::vector<NodeReport> nodes() const;
  uint64_t schema_changes() const { return schema_changes_; }

 private:
  using Waiting = std::vector<std::unique_ptr<Flight>>;

  void seen(const Topology& topology) override;
  void node_is_up(const os::Address& address) override;
  void schema_changed() override;
  void cannot_reach(const Error& why) override;

  void pool_changed();
  void send(std::unique_ptr<Flight> flight, Connection& on);
  Connection* choose(const Flight& flight, bool& all_busy);
  Connection* choose_replica(const Flight& flight);
  void prepared(const std::string& key, const Statement& statement, Result<Response> response);
  void drain();
  void expire();

  os::EventLoop& loop_;
  os::Clock& clock_;
  SessionSettings settings_;
  std::function<void()> changed_;
  std::unique_ptr<Control> control_;
  std::vector<std::unique_ptr<Pool>> pools_;
  std::vector<Pool*> pool_of_node_;  // by the topology's index; null: not ours to ask
  Topology topology_;
  Ring ring_;
  std::deque<std::unique_ptr<Flight>> queue_;  // no stream was free
  std::unique_ptr<os::Timer> drain_timer_;
  std::map<std::string, Waiting> preparing_;  // node and statement -> who waits for it
  std::optional<Error> trouble_;
  ByteBuffer scratch_;
  size_t next_pool_ = 0;
  uint64_t schema_changes_ = 0;
  bool closing_ = false;
};

}  // namespace holdfast::cql
