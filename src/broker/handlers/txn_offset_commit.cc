#include "wire/messages/txn_offset_commit.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;

TransactionService::Owner owner_of(const wire::TxnOffsetCommitRequest& request) {
  return {request.transactional_id, request.producer_id, request.producer_epoch};
}

/// The same answer for every partition: the group's members have moved on (KIP-447), or the
/// transaction is not this producer's. From version 5 on (TV2) the group joins by being named here.
Code refusal_of_all(const wire::TxnOffsetCommitRequest& request, Context& context) {
  const Code fenced = context.core.groups().may_commit({.group = request.group_id,
                                                        .generation = request.generation_id,
                                                        .member_id = request.member_id,
                                                        .instance_id = request.group_instance_id,
                                                        .transactional = true,
                                                        .version = context.version()},
                                                       context.now);
  if (fenced != Code::none) return fenced;
  auto& transactions = context.core.transactions();
  const Code code =
      context.version() >= 5
          ? transactions.add(owner_of(request), {}, request.group_id, true, context.now)
          : transactions.verify(owner_of(request), request.group_id);
  switch (code) {
    case Code::producer_fenced:
      return Code::invalid_producer_epoch;
    case Code::transaction_abortable:
      return context.version() >= 4 ? code : Code::invalid_txn_state;
    case Code::concurrent_transactions:
      return context.version() >= 5 ? code : Code::coordinator_not_available;
    default:
      return code;
  }
}

Code refusal_of_one(Context& context, std::string_view topic,
                    const wire::TxnOffsetCommitRequest::Topic::Partition& wanted, size_t stored) {
  const Topic* known = context.state().topic(topic);
  const BrokerLimits& limits = context.settings().limits;
  const std::string_view metadata = wanted.committed_metadata.value_or("");
  if (!known || !known->partition(wanted.partition_index)) return Code::unknown_topic_or_partition;
  if (metadata.size() > static_cast<size_t>(limits.offset_metadata_bytes_max))
    return Code::offset_metadata_too_large;
  return stored >= limits.group_offsets_max ? Code::policy_violation : Code::none;
}

}  // namespace

/// TxnOffsetCommit: keeps a group's offsets until the transaction ends; they count if it commits.
void handle(const wire::TxnOffsetCommitRequest& request, Context& context) {
  wire::TxnOffsetCommitResponse response;
  const Code general = refusal_of_all(request, context);
  coordinator::TransactionOffsetsStored record{request.producer_id,
                                               {std::string(request.group_id), {}}};
  auto& entries = record.offsets.entries;
  const size_t stored = context.state().offsets().size() + context.state().pending_offsets().size();
  for (const auto& wanted_topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.name = wanted_topic.name;
    for (const auto& wanted : wanted_topic.partitions) {
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = wanted.partition_index;
      answer.error_code = general != Code::none ? general
                                                : refusal_of_one(context, wanted_topic.name, wanted,
                                                                 stored + entries.size());
      if (answer.error_code != Code::none) continue;
      entries.push_back({std::string(wanted_topic.name),
                         wanted.partition_index,
                         {.offset = wanted.committed_offset,
                          .leader_epoch = wanted.committed_leader_epoch,
                          .committed_ms = context.now.wall_ms,
                          .metadata = std::string(wanted.committed_metadata.value_or(""))}});
    }
  }
  if (!entries.empty() && !context.core.change(record)) {
    for (auto& topic : response.topics) {
      for (auto& answer : topic.partitions) {
        if (answer.error_code == Code::none) answer.error_code = Code::coordinator_not_available;
      }
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
