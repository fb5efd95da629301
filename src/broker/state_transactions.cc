// What replaying transactions does to the state.
#include <fmt/core.h>

#include "broker/state.h"
#include "record/batch_builder.h"

namespace holdfast::broker {
namespace {

Status must(bool fits, const char* what) {
  if (fits) return {};
  return fail(ErrorCode::corrupt, fmt::format("the log contradicts itself: {}", what));
}

}  // namespace

void State::replay_transactional(Partition& partition, const record::BatchView& batch,
                                 int64_t base_offset, int64_t now_ms) {
  if (!partition.transactions)
    partition.transactions = std::make_unique<coordinator::PartitionTransactions>();
  if (!batch.control()) return partition.transactions->wrote(batch.producer_id(), base_offset);
  const auto type = record::control_type(batch);
  if (!type) return;
  partition.producers.replay_marker(batch.producer_id(), batch.producer_epoch(), now_ms);
  partition.transactions->ended(batch.producer_id(), base_offset,
                                *type == record::ControlType::commit);
  transactions_.marked(batch.producer_id(), partition.log_id.value);
}

Status State::apply(const AbortsForgotten& record) {
  for (const AbortsForgotten::Below& below : record.partitions) {
    const Partition* found = partition({below.log_id});
    HOLDFAST_CHECKED(must(found && below.offset <= found->end,
                          "aborted transactions of an unknown partition were forgotten"));
    if (found->transactions) found->transactions->forget_aborted_below(below.offset);
  }
  return {};
}

Status State::apply(const coordinator::TransactionalIdTaken& record) {
  return must(transactions_.replay(record),
              "a transactional id was taken from an open transaction");
}

Status State::apply(const coordinator::TransactionGrew& record) {
  return must(transactions_.replay(record), "a transaction grew that is not open");
}

Status State::apply(const coordinator::TransactionPrepared& record) {
  return must(transactions_.replay(record), "a transaction ended twice");
}

Status State::apply(const coordinator::TransactionCompleted& record) {
  const coordinator::Transaction* ended = transactions_.find(record.producer_id);
  const bool commit = ended && ended->commits();
  HOLDFAST_CHECKED(
      must(transactions_.replay(record), "a transaction is complete that had not ended"));
  for (const auto& offsets : pending_offsets_.end(record.producer_id)) {
    if (commit && !offsets.entries.empty()) HOLDFAST_CHECKED(apply(offsets));
  }
  return {};
}

Status State::apply(const coordinator::TransactionOffsetsStored& record) {
  pending_offsets_.replay(record.producer_id, record.offsets);
  return {};
}

Status State::apply(const coordinator::TransactionalIdForgotten& record) {
  return must(transactions_.replay(record), "an unknown transactional id was forgotten");
}

}  // namespace holdfast::broker
