#include "broker/transaction_service.h"

#include <algorithm>

#include "base/check.h"
#include "base/fault.h"
#include "base/log_line.h"
#include "broker/core.h"
#include "record/batch_builder.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using coordinator::Transaction;
using coordinator::TransactionState;

constexpr int64_t kRetryMs = 100;

/// Frames appended while it lives go to the disk together.
class Together {
 public:
  explicit Together(log::Log& log) : log_(log) { log_.hold(); }
  ~Together() { log_.release(); }
  Together(const Together&) = delete;
  Together& operator=(const Together&) = delete;

 private:
  log::Log& log_;
};

}  // namespace

int64_t TransactionService::fresh_producer_id() const {
  return core_.state().producer_ids().decide().producer_id;
}

Status TransactionService::take_fresh_producer_id() {
  auto& ids = core_.state().producer_ids();
  const auto decision = ids.decide();
  if (decision.record) HOLDFAST_CHECKED(core_.change(*decision.record));
  ids.take(decision.producer_id);
  return {};
}

TransactionService::Answer TransactionService::init(const Owner& expected, int32_t timeout_ms,
                                                    Instant now) {
  if (expected.id.empty()) return {Code::invalid_request};
  if (timeout_ms <= 0 || timeout_ms > core_.settings().transaction_timeout_ms_max)
    return {Code::invalid_transaction_timeout};
  const auto& transactions = core_.state().transactions();
  const Together together(core_.log());
  auto decision = transactions.init(expected, timeout_ms, fresh_producer_id(), now.wall_ms);
  if (decision.fence) {
    if (!prepare(*decision.fence, now)) return {Code::coordinator_not_available};
    // Kafka makes the client ask again; here the transaction has ended already. An owner who goes
    // on gets the epoch of the fence, also if he has to ask twice.
    decision = transactions.init(expected, timeout_ms, fresh_producer_id(), now.wall_ms);
  }
  if (decision.code != Code::none) return {decision.code};
  if (!transactions.find(expected.id) &&
      transactions.all().size() >= core_.settings().limits.transactional_ids_max) {
    return {Code::policy_violation};
  }
  if (decision.uses_fresh_id && !take_fresh_producer_id()) return {Code::coordinator_not_available};
  const auto& record = *decision.record;
  if (!core_.change(record)) return {Code::coordinator_not_available};
  return {Code::none, record.producer_id, record.producer_epoch};
}

Code TransactionService::add(const Owner& owner, std::span<Partition* const> partitions,
                             std::string_view group, bool implicit, Instant now) {
  const auto& transactions = core_.state().transactions();
  if (owner.id.empty()) return Code::invalid_request;
  if (const Code fault = transactions.judge(owner); fault != Code::none) return fault;
  std::vector<uint32_t> log_ids;
  for (const Partition* partition : partitions) log_ids.push_back(partition->log_id.value);
  const auto record = transactions.grow(owner, log_ids, group, implicit, now.wall_ms);
  if (!record) return Code::none;
  const bool begins = !transactions.open(owner);
  if (!core_.change(*record)) return Code::coordinator_not_available;
  if (begins) began(*transactions.open(owner), now.steady_ms);
  return Code::none;
}

Code TransactionService::verify(const Owner& owner, const Partition& partition) const {
  const auto& transactions = core_.state().transactions();
  if (const Code fault = transactions.judge(owner); fault != Code::none) return fault;
  const Transaction* open = transactions.open(owner);
  const bool in_it = open && open->partitions.contains(partition.log_id.value);
  return in_it ? Code::none : Code::transaction_abortable;
}

Code TransactionService::verify(const Owner& owner, std::string_view group) const {
  const auto& transactions = core_.state().transactions();
  if (const Code fault = transactions.judge(owner); fault != Code::none) return fault;
  const Transaction* open = transactions.open(owner);
  const bool in_it = open && open->groups.contains(std::string(group));
  return in_it ? Code::none : Code::transaction_abortable;
}

TransactionService::Answer TransactionService::end(const Owner& owner, bool commit, bool implicit,
                                                   Instant now) {
  if (owner.id.empty()) return {Code::invalid_request};
  const Together together(core_.log());
  const auto decision =
      core_.state().transactions().end(owner, commit, implicit, fresh_producer_id(), now.wall_ms);
  if (decision.code != Code::none) return {decision.code};
  if (decision.record) {
    if (decision.uses_fresh_id && !take_fresh_producer_id())
      return {Code::coordinator_not_available};
    if (!prepare(*decision.record, now)) return {Code::coordinator_not_available};
  }
  return {Code::none, decision.producer_id, decision.producer_epoch};
}

/// Appends the decision, which is final, and as much of its consequences as can be appended.
Status TransactionService::prepare(const coordinator::TransactionPrepared& record, Instant now) {
  const int64_t producer_id = record.producer_id;
  HOLDFAST_CHECKED(core_.change(record));
  fault::point("broker.transaction_prepared");
  if (const Status done = complete(producer_id, now); !done) {
    log_warning("broker", "a decided transaction waits for its markers: {}", done.error().message);
    incomplete_.insert(producer_id);
    retry_ms_ = now.steady_ms + kRetryMs;
  }
  return {};
}

Status TransactionService::complete(int64_t producer_id, Instant now) {
  const Transaction* transaction = core_.state().transactions().find(producer_id);
  if (!transaction || !transaction->prepared()) return {};
  // Each marker takes its partition out of the set.
  while (!transaction->partitions.empty()) {
    HOLDFAST_CHECKED(mark(*transaction, *transaction->partitions.begin(), now));
    fault::point("broker.transaction_marked");
  }
  HOLDFAST_CHECKED(core_.change(
      coordinator::TransactionCompleted{.producer_id = producer_id, .time_ms = now.wall_ms}));
  return {};
}

Status TransactionService::mark(const Transaction& transaction, uint32_t log_id, Instant now) {
  Partition* partition = core_.state().partition({log_id});
  HOLDFAST_CHECK(partition);  // a deleted one is in no transaction
  const ByteBuffer marker = record::build_control_batch(
      {.producer_id = transaction.producer_id,
       .producer_epoch = transaction.producer_epoch,
       .timestamp_ms = now.wall_ms,
       .type = transaction.commits() ? record::ControlType::commit : record::ControlType::abort});
  const auto batch = HOLDFAST_TRY(record::BatchView::parse(marker));
  HOLDFAST_CHECKED(core_.append(*partition, batch, now));
  return {};
}

void TransactionService::began(const Transaction& transaction, int64_t at_ms) {
  Clock& clock = clocks_[transaction.producer_id];
  clock.began_ms = at_ms;
  const int64_t due_ms = at_ms + transaction.timeout_ms;
  if (clock.due_ms <= due_ms) return;  // it is looked at early enough, and again then
  due_.erase({clock.due_ms, transaction.producer_id});
  clock.due_ms = due_ms;
  due_.emplace(due_ms, transaction.producer_id);
}

/// The time that was set for a producer id has come; its transaction of then may be long gone.
void TransactionService::look_at(int64_t producer_id, Instant now) {
  const Transaction* transaction = core_.state().transactions().find(producer_id);
  if (!transaction || transaction->state != TransactionState::ongoing) {
    clocks_.erase(producer_id);
    return;
  }
  Clock& clock = clocks_[producer_id];
  clock.due_ms = INT64_MAX;
  if (clock.began_ms + transaction->timeout_ms > now.steady_ms)
    return began(*transaction, clock.began_ms);
  const Together together(core_.log());
  const auto record = coordinator::Transactions::time_out(*transaction, now.wall_ms);
  if (prepare(record, now)) {
    clocks_.erase(producer_id);
  } else {
    clock.due_ms = now.steady_ms + kRetryMs;
    due_.emplace(clock.due_ms, producer_id);
  }
}

void TransactionService::recover_now(Instant now) {
  recovered_ = true;
  for (const auto& [id, transaction] : core_.state().transactions().all()) {
    if (transaction.prepared()) incomplete_.insert(transaction.producer_id);
    if (transaction.state != TransactionState::ongoing) continue;
    const int64_t open_for_ms =
        std::clamp<int64_t>(now.wall_ms - transaction.start_ms, 0, transaction.timeout_ms);
    began(transaction, now.steady_ms - open_for_ms);
  }
  if (!incomplete_.empty()) retry_ms_ = now.steady_ms;
  tick(now);
}

void TransactionService::tick(Instant now) {
  recover(now);
  if (now.steady_ms >= retry_ms_) {
    retry_ms_ = INT64_MAX;
    const Together together(core_.log());
    for (auto id = incomplete_.begin(); id != incomplete_.end();)
      id = complete(*id, now) ? incomplete_.erase(id) : std::next(id);
    if (!incomplete_.empty()) retry_ms_ = now.steady_ms + kRetryMs;
  }
  while (!due_.empty() && due_.begin()->first <= now.steady_ms) {
    const int64_t producer_id = due_.begin()->second;
    due_.erase(due_.begin());
    look_at(producer_id, now);
  }
}

int64_t TransactionService::next_deadline_ms() const {
  if (!recovered_) return 0;
  return std::min(retry_ms_, due_.empty() ? INT64_MAX : due_.begin()->first);
}

void TransactionService::forget_idle_ids(Instant now) {
  const int64_t before_ms = now.wall_ms - core_.settings().transactional_id_expiration_ms;
  for (const auto& record : core_.state().transactions().expired(before_ms)) {
    if (!core_.change(record)) return;
  }
}

}  // namespace holdfast::broker
