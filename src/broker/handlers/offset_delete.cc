#include "wire/messages/offset_delete.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

using Code = wire::ErrorCode;

/// OffsetDelete: forgets offsets of a group, but none of topics that its members read. What it has
/// no offset for is answered like what it had one for.
void handle(const wire::OffsetDeleteRequest& request, Context& context) {
  wire::OffsetDeleteResponse response;
  GroupService& groups = context.core.groups();
  response.error_code = groups.may_delete_offsets(request.group_id, context.now);
  if (response.error_code != Code::none) return context.reply(response);
  const coordinator::Group* group = groups.groups(context.now).find(request.group_id);
  coordinator::OffsetsForgotten record{std::string(request.group_id), {}};
  for (const auto& wanted : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.name = wanted.name;
    const Topic* topic = context.state().topic(wanted.name);
    const bool in_use = group && group->subscribed_to(wanted.name);
    for (const auto& partition : wanted.partitions) {
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = partition.partition_index;
      if (!topic || !topic->partition(partition.partition_index)) {
        answer.error_code = Code::unknown_topic_or_partition;
      } else if (in_use) {
        answer.error_code = Code::group_subscribed_to_topic;
      } else if (context.state().offsets().find(request.group_id, wanted.name,
                                                partition.partition_index) ||
                 context.state().pending_offsets().undecided(request.group_id, wanted.name,
                                                             partition.partition_index)) {
        record.entries.push_back({topic->name, partition.partition_index});
      }
    }
  }
  if (!record.entries.empty() && !context.core.change(record)) {
    response.topics.clear();
    response.error_code = Code::coordinator_not_available;
  }
  context.reply(response);
}

}  // namespace holdfast::broker
