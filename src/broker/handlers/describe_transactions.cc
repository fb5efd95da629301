#include "wire/messages/describe_transactions.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Answer = wire::DescribeTransactionsResponse::State;

void describe(Context& context, const coordinator::Transaction& transaction, Answer& answer) {
  answer.transaction_state = name(transaction.state);
  answer.transaction_timeout_ms = transaction.timeout_ms;
  answer.transaction_start_time_ms = transaction.start_ms;
  answer.producer_id = transaction.producer_id;
  answer.producer_epoch = transaction.producer_epoch;
  std::map<std::string_view, std::vector<int32_t>> topics;
  for (const uint32_t log_id : transaction.partitions) {
    if (const Partition* partition = context.state().partition({log_id}))
      topics[partition->topic->name].push_back(partition->index);
  }
  for (auto& [topic, partitions] : topics)
    answer.topics.push_back({std::string(topic), std::move(partitions)});
}

}  // namespace

/// DescribeTransactions: owner, state and partitions of transactional ids.
void handle(const wire::DescribeTransactionsRequest& request, Context& context) {
  wire::DescribeTransactionsResponse response;
  for (const std::string_view id : request.transactional_ids) {
    Answer& answer = response.transaction_states.emplace_back();
    answer.transactional_id = id;
    if (const auto* transaction = context.state().transactions().find(id)) {
      describe(context, *transaction, answer);
    } else {
      answer.error_code = id.empty() ? Code::invalid_request : Code::transactional_id_not_found;
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
