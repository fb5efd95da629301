#include "broker/coordinator/transactions.h"

#include <utility>

#include "base/planted_bug.h"

namespace holdfast::broker::coordinator {
namespace {

using Code = wire::ErrorCode;
using State = TransactionState;

/// The record that aborts an open transaction so that its owner is shut out; if he asks by his id
/// and epoch, he may go on with the next one.
TransactionPrepared fence(const Transaction& open, int64_t now_ms) {
  return {.producer_id = open.producer_id,
          .commit = false,
          .producer_epoch = static_cast<int16_t>(open.producer_epoch + 1),
          .last_epoch = open.producer_epoch,
          .next_producer_id = -1,
          .time_ms = now_ms};
}

/// KIP-360: whether a producer that tells its id and epoch is, or may have been, the owner.
bool may_go_on(const Transaction& transaction, const Transactions::Owner& expected) {
  return expected.producer_id == transaction.producer_id ||
         (expected.producer_id == transaction.previous_producer_id &&
          expected.producer_epoch >= last_producer_epoch);
}

TransactionalIdTaken taken(const Transaction& transaction, int32_t timeout_ms, int64_t now_ms) {
  return {.id = transaction.id,
          .producer_id = transaction.producer_id,
          .producer_epoch = transaction.producer_epoch,
          .last_epoch = transaction.last_epoch,
          .previous_producer_id = transaction.previous_producer_id,
          .timeout_ms = timeout_ms,
          .time_ms = now_ms};
}

struct EndVerdict {
  Code code = Code::none;
  bool ended_before = false;  // in the same way
};

/// KIP-890's table. With TV1 a producer keeps its epoch, so a second request looks like the first.
/// With TV2 it is one epoch behind, or at the last epoch of the id before.
EndVerdict judge_end(const Transaction& transaction, const Transactions::Owner& owner, bool commit,
                     bool implicit) {
  const bool same_id = transaction.producer_id == owner.producer_id;
  const bool current = same_id && (transaction.producer_epoch == owner.producer_epoch ||
                                   planted_bug == PlantedBug::skip_epoch_check);
  const bool id_changed = implicit && transaction.previous_producer_id == owner.producer_id &&
                          owner.producer_epoch == last_producer_epoch &&
                          transaction.producer_epoch == 0;
  const bool behind = implicit && same_id && transaction.producer_epoch != INT16_MAX &&
                      transaction.producer_epoch == owner.producer_epoch + 1;
  const bool again = id_changed || behind;
  if (!same_id && !id_changed) return {Code::invalid_producer_id_mapping};
  const Code other_way = transaction.commits() == commit ? Code::none : Code::invalid_txn_state;
  switch (transaction.state) {
    case State::ongoing:
      return {current ? Code::none : Code::producer_fenced};
    case State::prepare_commit:
    case State::prepare_abort:
      if (!(implicit ? again : current)) return {Code::producer_fenced};
      return {other_way == Code::none ? Code::concurrent_transactions : other_way};
    case State::complete_commit:
    case State::complete_abort:
      if (!again && !current) return {Code::producer_fenced};
      if (again || !implicit) return {other_way, true};
      break;
    default:
      if (!current) return {Code::producer_fenced};
      break;
  }
  // With TV2 a producer may abort what it never began: that gives it a new epoch.
  return {implicit && !commit ? Code::none : Code::invalid_txn_state};
}

}  // namespace

Transactions::InitDecision Transactions::init(const Owner& expected, int32_t timeout_ms,
                                              int64_t fresh_producer_id, int64_t now_ms) const {
  InitDecision decision;
  const auto refused = [](Code code) {
    InitDecision refusal;
    refusal.code = code;
    return refusal;
  };
  const Transaction* found = find(expected.id);
  if (!found) {
    decision.record = TransactionalIdTaken{.id = std::string(expected.id),
                                           .producer_id = fresh_producer_id,
                                           .producer_epoch = 0,
                                           .timeout_ms = timeout_ms,
                                           .time_ms = now_ms};
    decision.uses_fresh_id = true;
    return decision;
  }
  const bool goes_on = expected.producer_id >= 0;
  if (goes_on && !may_go_on(*found, expected)) return refused(Code::producer_fenced);
  if (found->prepared()) return refused(Code::concurrent_transactions);
  if (found->state == State::ongoing) {
    // Kafka lets an old epoch abort the transaction of its successor here; we do not.
    if (goes_on && expected.producer_epoch != found->producer_epoch)
      return refused(Code::producer_fenced);
    decision.fence = fence(*found, now_ms);
    return decision;
  }
  TransactionalIdTaken& record = decision.record.emplace(taken(*found, timeout_ms, now_ms));
  const bool current = !goes_on || expected.producer_epoch == found->producer_epoch;
  const bool repeated = goes_on && expected.producer_epoch == found->last_epoch;
  // The epoch that only a fence may use is given to nobody.
  if (found->epochs_used_up() && (current || (repeated && found->producer_epoch == INT16_MAX))) {
    record.previous_producer_id = found->producer_id;
    record.producer_id = fresh_producer_id;
    record.last_epoch = goes_on ? expected.producer_epoch : int16_t{-1};
    record.producer_epoch = 0;
    decision.uses_fresh_id = true;
  } else if (current) {
    record.last_epoch = goes_on ? found->producer_epoch : int16_t{-1};
    ++record.producer_epoch;
  } else if (!repeated) {
    return refused(Code::producer_fenced);
  }  // else it asks again because our answer was lost, and gets the same one
  return decision;
}

Code Transactions::judge(const Owner& owner) const {
  const Transaction* found = find(owner.id);
  if (!found || found->producer_id != owner.producer_id) return Code::invalid_producer_id_mapping;
  if (found->producer_epoch != owner.producer_epoch && planted_bug != PlantedBug::skip_epoch_check)
    return Code::producer_fenced;
  if (found->prepared()) return Code::concurrent_transactions;
  return Code::none;
}

const Transaction* Transactions::open(const Owner& owner) const {
  const Transaction* found = find(owner.id);
  return found && found->state == State::ongoing ? found : nullptr;
}

std::optional<TransactionGrew> Transactions::grow(const Owner& owner,
                                                  std::span<const uint32_t> partitions,
                                                  std::string_view group, bool implicit,
                                                  int64_t now_ms) const {
  const Transaction* transaction = open(owner);
  TransactionGrew record{.producer_id = owner.producer_id,
                         .implicit = implicit,
                         .partitions = {},
                         .groups = {},
                         .time_ms = now_ms};
  for (const uint32_t partition : partitions) {
    if (!transaction || !transaction->partitions.contains(partition))
      record.partitions.push_back(partition);
  }
  if (!group.empty() && (!transaction || !transaction->groups.contains(std::string(group))))
    record.groups.emplace_back(group);
  if (transaction && record.partitions.empty() && record.groups.empty()) return std::nullopt;
  return record;
}

Transactions::EndDecision Transactions::end(const Owner& owner, bool commit, bool implicit,
                                            int64_t fresh_producer_id, int64_t now_ms) const {
  const Transaction* found = find(owner.id);
  const EndVerdict verdict = found ? judge_end(*found, owner, commit, implicit)
                                   : EndVerdict{Code::invalid_producer_id_mapping};
  EndDecision decision;
  decision.code = verdict.code;
  if (verdict.code != Code::none) return decision;
  const Transaction& transaction = *found;
  decision.producer_id = transaction.producer_id;
  decision.producer_epoch = transaction.producer_epoch;
  if (verdict.ended_before) return decision;
  TransactionPrepared& record = decision.record.emplace(TransactionPrepared{
      .producer_id = transaction.producer_id,
      .commit = commit,
      .producer_epoch = transaction.producer_epoch,
      .last_epoch = transaction.last_epoch,
      .next_producer_id = -1,
      .time_ms = now_ms,
  });
  if (!implicit) return decision;
  record.last_epoch = record.producer_epoch++;
  decision.producer_epoch = record.producer_epoch;
  if (transaction.epochs_used_up()) {
    decision.producer_id = record.next_producer_id = fresh_producer_id;
    decision.producer_epoch = 0;
    decision.uses_fresh_id = true;
  }
  return decision;
}

TransactionPrepared Transactions::time_out(const Transaction& open, int64_t now_ms) {
  return fence(open, now_ms);
}

std::vector<TransactionalIdForgotten> Transactions::expired(int64_t before_ms) const {
  std::vector<TransactionalIdForgotten> records;
  for (const auto& [id, transaction] : by_id_) {
    const bool idle = transaction.state != State::ongoing && !transaction.prepared();
    if (idle && transaction.updated_ms < before_ms) records.push_back({id});
  }
  return records;
}

bool Transactions::replay(const TransactionalIdTaken& record) {
  const auto other = by_producer_id_.find(record.producer_id);
  if (other != by_producer_id_.end() && other->second->id != record.id) return false;
  Transaction& transaction = by_id_[record.id];
  if (transaction.state == State::ongoing || transaction.prepared()) return false;
  by_producer_id_.erase(transaction.producer_id);
  by_producer_id_[record.producer_id] = &transaction;
  transaction.id = record.id;
  transaction.producer_id = record.producer_id;
  transaction.producer_epoch = record.producer_epoch;
  transaction.last_epoch = record.last_epoch;
  transaction.previous_producer_id = record.previous_producer_id;
  transaction.next_producer_id = -1;
  transaction.timeout_ms = record.timeout_ms;
  transaction.state = State::empty;
  transaction.partitions.clear();
  transaction.groups.clear();
  transaction.start_ms = -1;
  transaction.updated_ms = record.time_ms;
  return true;
}

bool Transactions::replay(const TransactionGrew& record) {
  Transaction* transaction = known(record.producer_id);
  if (!transaction || transaction->prepared()) return false;
  if (transaction->state != State::ongoing) transaction->start_ms = record.time_ms;
  transaction->state = State::ongoing;
  transaction->implicit = record.implicit;
  transaction->partitions.insert(record.partitions.begin(), record.partitions.end());
  transaction->groups.insert(record.groups.begin(), record.groups.end());
  transaction->updated_ms = record.time_ms;
  return true;
}

bool Transactions::replay(const TransactionPrepared& record) {
  Transaction* transaction = known(record.producer_id);
  if (!transaction || transaction->prepared()) return false;
  transaction->state = record.commit ? State::prepare_commit : State::prepare_abort;
  transaction->producer_epoch = record.producer_epoch;
  transaction->last_epoch = record.last_epoch;
  transaction->next_producer_id = record.next_producer_id;
  transaction->updated_ms = record.time_ms;
  return true;
}

bool Transactions::replay(const TransactionCompleted& record) {
  Transaction* transaction = known(record.producer_id);
  if (!transaction || !transaction->prepared()) return false;
  transaction->state = transaction->commits() ? State::complete_commit : State::complete_abort;
  transaction->partitions.clear();
  transaction->groups.clear();
  transaction->updated_ms = record.time_ms;
  if (transaction->next_producer_id < 0) return true;
  by_producer_id_.erase(transaction->producer_id);
  transaction->previous_producer_id = transaction->producer_id;
  transaction->producer_id = std::exchange(transaction->next_producer_id, -1);
  transaction->producer_epoch = 0;
  by_producer_id_[transaction->producer_id] = transaction;
  return true;
}

bool Transactions::replay(const TransactionalIdForgotten& record) {
  const auto found = by_id_.find(record.id);
  if (found == by_id_.end()) return false;
  by_producer_id_.erase(found->second.producer_id);
  by_id_.erase(found);
  return true;
}

void Transactions::marked(int64_t producer_id, uint32_t partition) {
  Transaction* transaction = known(producer_id);
  if (transaction && transaction->prepared()) transaction->partitions.erase(partition);
}

void Transactions::forget_partition(uint32_t partition) {
  for (auto& [id, transaction] : by_id_) transaction.partitions.erase(partition);
}

const Transaction* Transactions::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const Transaction* Transactions::find(int64_t producer_id) const {
  const auto found = by_producer_id_.find(producer_id);
  return found == by_producer_id_.end() ? nullptr : found->second;
}

Transaction* Transactions::known(int64_t producer_id) {
  const auto found = by_producer_id_.find(producer_id);
  return found == by_producer_id_.end() ? nullptr : found->second;
}

void Transactions::write(StateWriter& out) const {
  out.number(static_cast<uint32_t>(by_id_.size()));
  for (const auto& [id, transaction] : by_id_) transaction.write(out);
}

bool Transactions::read(StateReader& in) {
  const uint32_t count = in.count(60);
  for (uint32_t i = 0; i < count && !in.failed(); ++i) {
    Transaction read = Transaction::read(in);
    if (in.failed()) return false;
    if (by_id_.contains(read.id) || by_producer_id_.contains(read.producer_id)) return false;
    Transaction& kept = by_id_[read.id];
    kept = std::move(read);
    by_producer_id_[kept.producer_id] = &kept;
  }
  return true;
}

}  // namespace holdfast::broker::coordinator
