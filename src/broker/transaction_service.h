#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string_view>

#include "base/result.h"
#include "broker/coordinator/ticket.h"
#include "broker/coordinator/transactions.h"

namespace holdfast::broker {

class Core;
struct Partition;

/// Transactions at work: asks the pure state machine, appends what it decides, writes the markers,
/// keeps the time-outs. Ending a transaction appends the decision, a marker for each partition and
/// the completion within one turn of the loop, held together for one flush.
///
/// A crash, or a log that takes no more, may come between any two of them. From the decision on the
/// outcome is certain: what is missing is appended at the next try or after the restart.
///
/// Loop thread only.
class TransactionService {
 public:
  using Code = wire::ErrorCode;
  using Owner = coordinator::Transactions::Owner;

  explicit TransactionService(Core& core) : core_(core) {}

  struct Answer {
    Code code = Code::none;
    int64_t producer_id = -1;
    int16_t producer_epoch = -1;
  };
  /// A producer starts, or goes on after an error (then `expected` has its id and epoch). An open
  /// transaction is aborted first.
  Answer init(const Owner& expected, int32_t timeout_ms, Instant now);
  /// Lets partitions and a group join, if the owner may.
  Code add(const Owner& owner, std::span<Partition* const> partitions, std::string_view group,
           bool implicit, Instant now);
  /// Whether the owner's open transaction has this partition, or this group, in it.
  Code verify(const Owner& owner, const Partition& partition) const;
  Code verify(const Owner& owner, std::string_view group) const;
  Answer end(const Owner& owner, bool commit, bool implicit, Instant now);

  /// Once, before anything else: carries through what the run before had decided, and starts the
  /// clocks of open transactions.
  void recover(Instant now) {
    if (!recovered_) recover_now(now);
  }
  void tick(Instant now);
  /// INT64_MAX: nothing to wait for.
  int64_t next_deadline_ms() const;
  void forget_idle_ids(Instant now);

 private:
  struct Clock {
    int64_t began_ms = 0;        // steady; of the transaction that is open now, or was last
    int64_t due_ms = INT64_MAX;  // when it is looked at; no later than its time-out
  };

  void recover_now(Instant now);
  Status prepare(const coordinator::TransactionPrepared& record, Instant now);
  Status complete(int64_t producer_id, Instant now);
  Status mark(const coordinator::Transaction& transaction, uint32_t log_id, Instant now);
  void began(const coordinator::Transaction& transaction, int64_t at_ms);
  void look_at(int64_t producer_id, Instant now);
  int64_t fresh_producer_id() const;
  Status take_fresh_producer_id();

  Core& core_;
  bool recovered_ = false;
  std::map<int64_t, Clock> clocks_;            // by producer id
  std::set<std::pair<int64_t, int64_t>> due_;  // when, producer id
  std::set<int64_t> incomplete_;               // decided, but not all of it could be appended
  int64_t retry_ms_ = INT64_MAX;
};

}  // namespace holdfast::broker
