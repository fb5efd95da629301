#include "kafka/producer.h"
#include "kafka/producer_impl.h"

namespace holdfast::kafka {
namespace {

TransactionStep to_step(rd_kafka_error_t* raw) {
  const Owned<rd_kafka_error_t> error(raw);
  if (!error) return {};
  TransactionStep step{.outcome = TransactionOutcome::fatal, .why = rd_kafka_error_string(error.get())};
  if (to_code(rd_kafka_error_code(error.get())) == ErrorCode::fenced)
    step.outcome = TransactionOutcome::fenced;
  else if (rd_kafka_error_is_fatal(error.get()) != 0)
    step.outcome = TransactionOutcome::fatal;
  else if (rd_kafka_error_txn_requires_abort(error.get()) != 0)
    step.outcome = TransactionOutcome::must_abort;
  else if (rd_kafka_error_is_retriable(error.get()) != 0)
    step.outcome = TransactionOutcome::retry;
  return step;
}

}  // namespace

const char* name(TransactionOutcome outcome) {
  switch (outcome) {
    case TransactionOutcome::done: return "done";
    case TransactionOutcome::retry: return "retry";
    case TransactionOutcome::must_abort: return "must_abort";
    case TransactionOutcome::fenced: return "fenced";
    case TransactionOutcome::fatal: return "fatal";
  }
  return "?";
}

TransactionStep Producer::init_transactions(int timeout_ms) {
  return to_step(rd_kafka_init_transactions(impl_->rk(), timeout_ms));
}

TransactionStep Producer::begin_transaction() { return to_step(rd_kafka_begin_transaction(impl_->rk())); }

TransactionStep Producer::send_offsets(std::span<const CommittedOffset> offsets, const std::string& group_id,
                                       int timeout_ms) {
  const Owned<rd_kafka_topic_partition_list_t> list(
      rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const CommittedOffset& offset : offsets)
    rd_kafka_topic_partition_list_add(list.get(), std::string(offset.topic).c_str(), offset.partition)->offset =
        offset.next_offset;
  const Owned<rd_kafka_consumer_group_metadata_t> group(rd_kafka_consumer_group_metadata_new(group_id.c_str()));
  return to_step(rd_kafka_send_offsets_to_transaction(impl_->rk(), list.get(), group.get(), timeout_ms));
}

TransactionStep Producer::commit_transaction(int timeout_ms) {
  return to_step(rd_kafka_commit_transaction(impl_->rk(), timeout_ms));
}

TransactionStep Producer::abort_transaction(int timeout_ms) {
  return to_step(rd_kafka_abort_transaction(impl_->rk(), timeout_ms));
}

}  // namespace holdfast::kafka
