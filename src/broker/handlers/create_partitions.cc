#include "wire/messages/create_partitions.h"

#include <fmt/core.h>
#include <set>

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;

Refusal grow(const wire::CreatePartitionsRequest::Topic& wanted, bool validate_only,
             Context& context) {
  const Topic* topic = context.state().topic(wanted.name);
  if (!topic) return {Code::unknown_topic_or_partition, {}};
  const auto have = static_cast<int32_t>(topic->partitions.size());
  if (wanted.count <= have)
    return {Code::invalid_partitions, fmt::format("the topic has {} partitions already", have)};
  const int32_t added = wanted.count - have;
  if (static_cast<int64_t>(context.state().partition_count()) + added >
      context.settings().limits.partitions_max) {
    return {Code::invalid_partitions, "more partitions than are allowed"};
  }
  if (wanted.assignments) {
    if (wanted.assignments->size() != static_cast<size_t>(added)) {
      return {Code::invalid_replica_assignment,
              fmt::format("{} partitions are added, so {} are to be assigned", added, added)};
    }
    for (const auto& assignment : *wanted.assignments) {
      if (assignment.broker_ids != std::vector<int32_t>{context.settings().node_id}) {
        return {Code::invalid_replica_assignment,
                fmt::format("every partition is on broker {}", context.settings().node_id)};
      }
    }
  }
  if (validate_only) return {};
  const Status grown =
      context.core.change(PartitionsAdded{topic->id, context.state().next_log_id(), added});
  return grown ? Refusal{} : Refusal{code_for(grown.error()), grown.error().message};
}

}  // namespace

/// CreatePartitions: there can only be more of them.
void handle(const wire::CreatePartitionsRequest& request, Context& context) {
  wire::CreatePartitionsResponse response;
  std::multiset<std::string_view> names;
  std::set<std::string_view> answered;
  for (const auto& wanted : request.topics) names.insert(wanted.name);
  for (const auto& wanted : request.topics) {
    const bool twice = names.count(wanted.name) > 1;
    if (twice && !answered.insert(wanted.name).second) continue;
    auto& answer = response.results.emplace_back();
    answer.name = wanted.name;
    Refusal refusal =
        twice ? Refusal{Code::invalid_request, "the topic is there twice in the request"}
              : grow(wanted, request.validate_only, context);
    answer.error_code = refusal.code;
    if (refusal) answer.error_message = std::move(refusal.message);
  }
  context.reply(response);
}

}  // namespace holdfast::broker
