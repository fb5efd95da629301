#include "wire/messages/elect_leaders.h"

#include <fmt/core.h>

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// ElectLeaders: every partition is led by its preferred, only replica already. Of "all partitions"
/// only those whose leader changed are told, which is none.
void handle(const wire::ElectLeadersRequest& request, Context& context) {
  wire::ElectLeadersResponse response;
  const bool strange = request.election_type < 0 || request.election_type > 1;
  if (strange) response.error_code = wire::ErrorCode::invalid_request;
  if (!request.topic_partitions) {
    for (const auto& [name, topic] : context.state().topics())
      response.replica_election_results.emplace_back().topic = name;
    return context.reply(response);
  }
  for (const auto& wanted : *request.topic_partitions) {
    auto& answers = response.replica_election_results.emplace_back();
    answers.topic = wanted.topic;
    const Topic* topic = context.state().topic(wanted.topic);
    for (const int32_t index : wanted.partitions) {
      if (strange) {
        answers.partition_result.push_back(
            {index, wire::ErrorCode::invalid_request, "there is no such way to elect"});
        continue;
      }
      const bool known = topic && topic->partition(index);
      answers.partition_result.push_back(
          {.partition_id = index,
           .error_code = known ? wire::ErrorCode::election_not_needed
                               : wire::ErrorCode::unknown_topic_or_partition,
           .error_message =
               known ? "the preferred replica leads already"
                     : fmt::format("there is no partition {} of topic {}", index, wanted.topic)});
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
