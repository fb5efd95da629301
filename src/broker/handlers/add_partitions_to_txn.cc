#include "wire/messages/add_partitions_to_txn.h"

#include <span>

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Topics = std::vector<wire::AddPartitionsToTxnRequest::Topic>;
using Answers = std::vector<wire::AddPartitionsToTxnResponse::Topic>;
using Owner = TransactionService::Owner;

/// Calls `answer(partition or null, code to be set)` for each wanted partition.
template <class Answer>
void for_each(Context& context, const Topics& topics, Answers& answers, Answer answer) {
  for (const auto& wanted : topics) {
    auto& results = answers.emplace_back();
    results.name = wanted.name;
    const Topic* topic = context.state().topic(wanted.name);
    for (const int32_t index : wanted.partitions) {
      auto& result = results.results_by_partition.emplace_back();
      result.partition_index = index;
      answer(topic ? topic->partition(index) : nullptr, result.partition_error_code);
    }
  }
}

/// All of them join, or none does.
Answers add(Context& context, const Owner& owner, const Topics& topics, bool implicit) {
  Answers answers;
  std::vector<Partition*> partitions;
  bool all_known = true;
  for_each(context, topics, answers, [&](Partition* partition, Code& code) {
    all_known &= partition != nullptr;
    if (partition) partitions.push_back(partition);
    code = partition ? Code::operation_not_attempted : Code::unknown_topic_or_partition;
  });
  if (!all_known) return answers;
  Code code = context.core.transactions().add(owner, partitions, {}, implicit, context.now);
  if (context.version() < 2) code = before_producer_fenced(code);
  for (auto& topic : answers) {
    for (auto& result : topic.results_by_partition) result.partition_error_code = code;
  }
  return answers;
}

Answers verify(Context& context, const Owner& owner, const Topics& topics) {
  Answers answers;
  for_each(context, topics, answers, [&](Partition* partition, Code& code) {
    code = !partition ? Code::unknown_topic_or_partition
                      : context.core.transactions().verify(owner, *partition);
  });
  return answers;
}

}  // namespace

/// AddPartitionsToTxn: partitions join a transaction before they are written to (TV1). From version
/// 4 on brokers ask for several transactions at once, mostly whether partitions are in them.
void handle(const wire::AddPartitionsToTxnRequest& request, Context& context) {
  wire::AddPartitionsToTxnResponse response;
  if (context.version() < 4) {
    const Owner owner{request.v3_and_below_transactional_id, request.v3_and_below_producer_id,
                      request.v3_and_below_producer_epoch};
    response.results_by_topic_v3_and_below =
        add(context, owner, request.v3_and_below_topics, false);
  }
  for (const auto& transaction : request.transactions) {
    auto& result = response.results_by_transaction.emplace_back();
    result.transactional_id = transaction.transactional_id;
    const Owner owner{transaction.transactional_id, transaction.producer_id,
                      transaction.producer_epoch};
    result.topic_results = transaction.verify_only ? verify(context, owner, transaction.topics)
                                                   : add(context, owner, transaction.topics, true);
  }
  context.reply(response);
}

}  // namespace holdfast::broker
