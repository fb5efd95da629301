#include "wire/messages/offset_commit.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

using Code = wire::ErrorCode;

/// OffsetCommit: stores offsets, durably before the answer. All of a request that can be stored is
/// one record.
void handle(const wire::OffsetCommitRequest& request, Context& context) {
  wire::OffsetCommitResponse response;
  const bool by_id = context.version() >= 10;
  const BrokerLimits& limits = context.settings().limits;
  const Code general =
      context.core.groups().may_commit({.group = request.group_id,
                                        .generation = request.generation_id_or_member_epoch,
                                        .member_id = request.member_id,
                                        .instance_id = request.group_instance_id,
                                        .version = context.version()},
                                       context.now);
  coordinator::OffsetsCommitted record{std::string(request.group_id), {}};
  for (const auto& wanted_topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    if (by_id)
      answers.topic_id = wanted_topic.topic_id;
    else
      answers.name = wanted_topic.name;
    const Topic* topic = find_topic(context, wanted_topic.name, wanted_topic.topic_id, by_id);
    for (const auto& wanted : wanted_topic.partitions) {
      auto& answer = answers.partitions.emplace_back();
      answer.partition_index = wanted.partition_index;
      const std::string_view metadata = wanted.committed_metadata.value_or("");
      if (general != Code::none) {
        answer.error_code = general;
      } else if (!topic || !topic->partition(wanted.partition_index)) {
        answer.error_code = topic ? Code::unknown_topic_or_partition : unknown_topic(by_id);
      } else if (metadata.size() > static_cast<size_t>(limits.offset_metadata_bytes_max)) {
        answer.error_code = Code::offset_metadata_too_large;
      } else if (context.state().offsets().size() + record.entries.size() >=
                 limits.group_offsets_max) {
        answer.error_code = Code::policy_violation;
      } else {
        record.entries.push_back({topic->name,
                                  wanted.partition_index,
                                  {.offset = wanted.committed_offset,
                                   .leader_epoch = wanted.committed_leader_epoch,
                                   .committed_ms = context.now.wall_ms,
                                   .metadata = std::string(metadata)}});
      }
    }
  }
  if (!record.entries.empty()) {
    if (const Status kept = context.core.change(record); !kept) {
      for (auto& topic : response.topics) {
        for (auto& answer : topic.partitions) {
          if (answer.error_code == Code::none)
            answer.error_code = Code::coordinator_not_available;  // clients try again
        }
      }
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
