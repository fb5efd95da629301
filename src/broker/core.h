#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "broker/batch_intake.h"
#include "broker/coordinator/ticket.h"
#include "broker/fetch_sessions.h"
#include "broker/group_service.h"
#include "broker/metrics.h"
#include "broker/settings.h"
#include "broker/state.h"
#include "broker/transaction_service.h"
#include "log/log.h"
#include "record/compression.h"
#include "wire/gather.h"
#include "wire/header.h"

namespace holdfast::broker {

class FetchWaiter;
class Retention;

/// What keeps the memory behind an answer's views.
using Pins = std::vector<std::shared_ptr<const void>>;

/// An encoded answer. Empty: none is sent (produce with acks=0), but those behind it may go.
struct Response {
  wire::Gather bytes;
  Pins pins;
};

/// Where answers go.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void answer(const Ticket& ticket, Response response) = 0;
  /// May come in the middle of a request; it ends the connection later, not within the call.
  virtual void disconnect(uint64_t connection, std::string_view why) = 0;
  /// Where a connection comes from, without the port; empty when it is gone.
  virtual std::string host_of(uint64_t) const { return {}; }
};

/// The broker without sockets, clock and threads: requests, time and the log's progress come in,
/// answers go out through the Outlet. So it can be simulated, and every run repeated.
class Core {
 public:
  /// `state` has been replayed up to the end of `log`, which is started. Both and `outlet` outlive
  /// the core. `new_id` makes random topic ids.
  Core(const BrokerSettings& settings, State& state, log::Log& log, Outlet& outlet,
       std::function<TopicId()> new_id);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// What this broker calls itself to clients.
  void set_address(os::Address address) { address_ = std::move(address); }

  /// One request; it is answered within the call or later, or its connection ends. Its bytes need
  /// not outlive the call.
  void serve(const wire::RequestHeader& request, uint64_t connection, uint64_t sequence,
             Instant now);
  /// The connection is gone: nobody waits for its answers any more.
  void forget(uint64_t connection);
  /// The log has come so far.
  void durable(log::Position upto, Instant now);
  /// The log's disk is full: it tries again by itself.
  void stalled(const Error& why);
  /// The log takes no more; whatever waited for it is given up, without an answer.
  void failed(const Error& why);
  /// A good moment for a checkpoint.
  void segment_sealed();
  /// Does what is due. To be called when `next_deadline_ms` has come.
  void tick(Instant now);
  /// The earliest point in (steady) time at which something is due; INT64_MAX: nothing.
  int64_t next_deadline_ms() const;
  /// So much is on its way to the disk that no more should be read from clients for now.
  bool congested() const;
  /// The log may give up what is of no more use: a checkpoint is on disk, or something was deleted.
  void give_back_space();
  /// Answers every fetch that waits, with what there is: the broker is about to stop.
  void answer_waiting_fetches(Instant now);

  // For handlers:

  State& state() { return state_; }
  log::Log& log() { return log_; }
  const BrokerSettings& settings() const { return settings_; }
  const os::Address& address() const { return address_; }
  GroupService& groups() { return groups_; }
  TransactionService& transactions() { return transactions_; }

  /// Appends the change and applies it. An error: nothing happened.
  Status change(const StateRecord& record);
  /// Behind the last change of state.
  log::Position state_end() const { return state_end_; }

  /// Appends a client's batch, which has been judged, with its place and epoch set. `limit`,
  /// `read_only`, `disk_full`: not appended.
  Result<int64_t> append(Partition& partition, const record::BatchView& batch, Instant now);

  void answer(const Ticket& ticket, Response response) {
    outlet_.answer(ticket, std::move(response));
  }
  void answer_when_durable(const Ticket& ticket, wire::Gather bytes, log::Position position);
  /// Calls back with true once `position` is durable, or with false at the deadline. When the log
  /// fails before either, the connection ends without an answer, since nobody can say what became
  /// of the request.
  void when_durable(const Ticket& ticket, log::Position position, int64_t deadline_ms,
                    std::move_only_function<void(bool)> then);
  void disconnect(uint64_t connection, std::string_view why) {
    outlet_.disconnect(connection, why);
  }

  /// Parks a fetch until its partitions have grown enough, or its deadline.
  void park(std::unique_ptr<FetchWaiter> waiter);
  TopicId new_id() { return new_id_(); }
  std::string host_of(uint64_t connection) const { return outlet_.host_of(connection); }
  FetchSessions& fetch_sessions() { return fetch_sessions_; }
  BrokerMetrics& metrics() { return metrics_; }
  /// Whether changes and batches are taken just now.
  bool writable() const { return !stalled_ && !failed_; }

  record::Decompressor& decompressor() { return decompressor_; }
  ByteBuffer& scratch() { return scratch_; }
  BatchIntake& intake() { return intake_; }

 private:
  struct Append {
    log::Position position;
    Partition* partition;  // null: deleted meanwhile
    int64_t end;
    int64_t stable_end;
    uint64_t bytes;
  };
  struct Waiting {
    Ticket ticket;
    log::Position position;
    int64_t deadline_ms;
    std::move_only_function<void(bool)> then;
  };
  struct Checkpoint {
    log::Position upto;
    ByteBuffer bytes;
  };

  Status may_append() const;
  void grown(Partition& partition, uint64_t bytes, bool newly_stable);
  void finish_ready(Instant now);
  std::unique_ptr<FetchWaiter> release(FetchWaiter& waiter);
  void topic_deleted(Topic& topic);
  void forget_idle_producers(Instant now);
  void take_checkpoint();
  void write_checkpoint();
  void keep_retention(Instant now);
  void follow_cleaning();

  const BrokerSettings& settings_;
  State& state_;
  log::Log& log_;
  Outlet& outlet_;
  os::Address address_;
  TransactionService transactions_{*this};
  log::Position state_end_;
  log::Position durable_;  // as far as `durable` has told: answers and high watermarks go together
  bool stalled_ = false;
  bool failed_ = false;
  std::deque<Append> appends_;   // not durable yet, in the order of the log
  std::deque<Waiting> waiting_;  // by position
  int64_t waiting_check_ms_ = 0;
  int64_t housekeeping_ms_ = 0;
  std::optional<Checkpoint> checkpoint_;  // taken, waits until it may be written
  log::Position last_checkpoint_;
  uint64_t last_checkpoint_bytes_ = 0;
  std::unique_ptr<Retention> retention_;
  std::map<std::pair<int64_t, uint64_t>, std::unique_ptr<FetchWaiter>>
      fetches_;  // by deadline, then in the order in which they came: the same in every run
  uint64_t fetches_parked_ = 0;
  std::vector<FetchWaiter*> ready_;  // have enough now
  std::function<TopicId()> new_id_;
  GroupService groups_;
  FetchSessions fetch_sessions_;
  BrokerMetrics metrics_;
  record::Decompressor decompressor_;
  ByteBuffer scratch_;
  BatchIntake intake_;
};

}  // namespace holdfast::broker
