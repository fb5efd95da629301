#include "wire/messages/produce.h"

#include <algorithm>
#include <memory>

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"
#include "record/batch.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Answer = wire::ProduceResponse::Topic::Partition;

coordinator::ProducedBatch in_sequence(const record::BatchView& batch) {
  return {.producer_id = batch.producer_id(),
          .producer_epoch = batch.producer_epoch(),
          .first_sequence = batch.base_sequence(),
          .last_sequence = batch.last_sequence()};
}

/// The producer sends it again; what it has sent behind it must wait for that.
void refuse_for_now(Partition& partition, const record::BatchView& batch, Answer& answer, Code code,
                    std::string message) {
  if (batch.idempotent()) partition.producers.note_refused(in_sequence(batch));
  refuse(answer, code, std::move(message));
}

/// Whether the batch may be appended; otherwise `answer` says why not, or where it is already.
/// `from_start`: a producer of whom nothing is known here begins with sequence 0.
bool judge(const Partition& partition, const record::BatchView& batch, bool from_start,
           Answer& answer) {
  if (!batch.idempotent()) return true;
  const auto decision = partition.producers.check(in_sequence(batch), from_start);
  switch (decision.verdict) {
    case coordinator::ProduceVerdict::append:
      if (batch.transactional() || !partition.in_transaction(batch.producer_id())) return true;
      refuse(answer, Code::invalid_txn_state, "this producer has a transaction open here");
      return false;
    case coordinator::ProduceVerdict::duplicate:
      answer.base_offset = decision.base_offset;
      answer.log_append_time_ms = decision.timestamp_ms;
      return false;
    case coordinator::ProduceVerdict::out_of_order:
      refuse(answer, Code::out_of_order_sequence_number, "a batch before this one is missing");
      return false;
    case coordinator::ProduceVerdict::fenced:
      refuse(answer, Code::invalid_producer_epoch,
             "a newer producer has taken over this producer id");
      return false;
  }
  return false;
}

/// A transactional batch belongs to the open transaction of its producer, or is refused: what is
/// late must not join the next one. From version 12 on (TV2) the partition joins by being written
/// to; before it, the client has said so.
class TransactionGate {
 public:
  TransactionGate(Context& context, std::optional<std::string_view> id)
      : context_(context), id_(id) {}

  Code judge(const Partition& partition, const record::BatchView& batch) const {
    if (!id_) return Code::transactional_id_authorization_failed;
    const auto& transactions = context_.core.transactions();
    const Code code = joins() ? context_.state().transactions().judge(owner(batch))
                              : transactions.verify(owner(batch), partition);
    return in_words_of_produce(code);
  }
  Code join(Partition& partition, const record::BatchView& batch) const {
    if (!joins()) return Code::none;
    Partition* const one = &partition;
    return in_words_of_produce(
        context_.core.transactions().add(owner(batch), {&one, 1}, {}, true, context_.now));
  }
  /// TV2.
  bool joins() const { return context_.version() >= 12; }

 private:
  TransactionService::Owner owner(const record::BatchView& batch) const {
    return {*id_, batch.producer_id(), batch.producer_epoch()};
  }
  Code in_words_of_produce(Code code) const {
    switch (code) {
      case Code::producer_fenced:
        return Code::invalid_producer_epoch;
      case Code::transaction_abortable:
        return context_.version() >= 11 ? code : Code::invalid_txn_state;
      case Code::concurrent_transactions:
      case Code::coordinator_not_available:
        // Retriable in every client, and without looking for another leader.
        return joins() && code == Code::concurrent_transactions ? code : Code::not_enough_replicas;
      default:
        return code;
    }
  }

  Context& context_;
  const std::optional<std::string_view> id_;
};

void produce(Context& context, const TransactionGate& gate, Partition& partition, ByteView records,
             Answer& answer) {
  const TopicRules& rules = partition.topic->rules;
  BatchIntake& intake = context.core.intake();
  if (topic_internal(partition.topic->name))
    return refuse(answer, Code::invalid_topic_exception, "clients do not write to this topic");
  answer.log_start_offset = partition.log_start;
  if (!intake.judge(records, rules, context.version(), context.now.wall_ms, answer)) return;
  const auto batch = record::BatchView::parse(records);
  if (batch->transactional()) {
    if (const Code code = gate.judge(partition, *batch); code != Code::none) {
      answer.log_start_offset = -1;
      return refuse_for_now(partition, *batch, answer, code,
                            "not a batch of the producer's open transaction");
    }
  }
  if (!judge(partition, *batch, gate.joins() && batch->transactional(), answer)) return;
  const auto kept = intake.convert(*batch, rules, context.now.wall_ms, answer);
  if (!kept) return;
  if (batch->transactional()) {
    if (const Code code = gate.join(partition, *batch); code != Code::none)
      return refuse_for_now(partition, *batch, answer, code,
                            "the partition cannot join the transaction");
  }
  const auto appended = context.core.append(partition, *kept, context.now);
  if (!appended) {
    const bool old_client = context.version() < 4;  // knows no KAFKA_STORAGE_ERROR
    return refuse_for_now(partition, *batch, answer,
                          old_client ? Code::not_leader_or_follower : code_for(appended.error()),
                          appended.error().message);
  }
  answer.base_offset = *appended;
}

/// The same answer for every partition of the request.
Code refusal_of_all(const wire::ProduceRequest& request) {
  if (request.acks < -1 || request.acks > 1) return Code::invalid_required_acks;
  return Code::none;
}

/// The deadline passed before the disk had it: it may or may not be there later.
void time_out(wire::ProduceResponse& response) {
  for (auto& topic : response.responses) {
    for (auto& answer : topic.partition_responses) {
      if (answer.error_code == Code::none)
        refuse(answer, Code::request_timed_out, "not on disk within the time-out");
    }
  }
}

}  // namespace

/// Produce: appends one batch for each partition and answers when the last of them is on disk,
/// whatever acks says (acks=0: never answers). A batch that is in the log already is answered with
/// its first offset, once that one is on disk.
void handle(const wire::ProduceRequest& request, Context& context) {
  if (context.version() < wire::produce_api.served_from)
    return context.disconnect("Produce of a version that is advertised for old librdkafka only");
  wire::ProduceResponse response;
  const bool by_id = context.version() >= 13;
  const Code general = refusal_of_all(request);
  const TransactionGate gate(context, request.transactional_id);
  log::Position needed;
  bool refused = false;
  response.responses.reserve(request.topic_data.size());
  for (const auto& topic_data : request.topic_data) {
    auto& topic_answer = response.responses.emplace_back();
    if (by_id)
      topic_answer.topic_id = topic_data.topic_id;
    else
      topic_answer.name = topic_data.name;
    const Topic* topic = find_topic(context, topic_data.name, topic_data.topic_id, by_id);
    topic_answer.partition_responses.reserve(topic_data.partition_data.size());
    for (const auto& data : topic_data.partition_data) {
      Answer& answer = topic_answer.partition_responses.emplace_back();
      answer.index = data.index;
      Partition* partition = topic ? topic->partition(data.index) : nullptr;
      if (general != Code::none) {
        refuse(answer, general, {});
      } else if (!partition) {
        refuse(answer, topic ? Code::unknown_topic_or_partition : unknown_topic(by_id), {});
      } else {
        produce(context, gate, *partition, data.records.value_or(ByteView{}), answer);
        // A duplicate waits, too: the original may still be on its way.
        if (answer.error_code == Code::none) needed = std::max(needed, partition->last_append);
      }
      refused |= answer.error_code != Code::none;
    }
  }
  if (refused) context.core.metrics().failed_produce.add();
  if (request.acks == 0) {
    // There is no answer that could carry the error; a closed connection makes the client look up
    // what is wrong.
    return refused ? context.disconnect("a produce request with acks=0 failed")
                   : context.reply_nothing();
  }
  const int64_t deadline_ms = context.now.steady_ms + std::max(request.timeout_ms, 0);
  context.core.when_durable(
      context.ticket, needed, deadline_ms,
      [&core = context.core, ticket = context.ticket,
       response = std::move(response)](bool in_time) mutable {
        if (!in_time) time_out(response);
        core.answer(ticket,
                    {wire::encode_response(response, ticket.version, ticket.correlation_id), {}});
      });
}

}  // namespace holdfast::broker
