#include "wire/messages/alter_partition_reassignments.h"

#include <fmt/core.h>

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;

Refusal judge(Context& context, const Topic* topic,
              const wire::AlterPartitionReassignmentsRequest::Topic::Partition& wanted) {
  const int32_t node_id = context.settings().node_id;
  if (!topic || !topic->partition(wanted.partition_index))
    return {Code::unknown_topic_or_partition, "there is no such partition"};
  if (!wanted.replicas) return {Code::no_reassignment_in_progress, {}};
  if (wanted.replicas->size() != 1 || wanted.replicas->front() != node_id) {
    return {Code::invalid_replica_assignment,
            fmt::format("every partition has one replica, on broker {}", node_id)};
  }
  return {};  // where it is already
}

}  // namespace

/// AlterPartitionReassignments: there is nowhere to move to.
void handle(const wire::AlterPartitionReassignmentsRequest& request, Context& context) {
  wire::AlterPartitionReassignmentsResponse response;
  response.allow_replication_factor_change = request.allow_replication_factor_change;
  response.error_message.reset();
  for (const auto& wanted_topic : request.topics) {
    auto& answers = response.responses.emplace_back();
    answers.name = wanted_topic.name;
    const Topic* topic = context.state().topic(wanted_topic.name);
    for (const auto& wanted : wanted_topic.partitions) {
      Refusal refusal = judge(context, topic, wanted);
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = wanted.partition_index;
      answer.error_code = refusal.code;
      if (refusal.message.empty())
        answer.error_message.reset();
      else
        answer.error_message = std::move(refusal.message);
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
