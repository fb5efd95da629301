#include "wire/messages/offset_commit.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;

/// Groups have no members yet, so only a client that claims to be none may commit.
Code group_fault(const wire::OffsetCommitRequest& request) {
  if (request.group_id.empty()) return Code::invalid_group_id;
  if (request.generation_id_or_member_epoch >= 0) {
    return request.member_id.empty() ? Code::illegal_generation : Code::unknown_member_id;
  }
  return Code::none;
}

}  // namespace

/// OffsetCommit: stores offsets, durably before the answer. All of a request that can be stored is
/// one record.
void handle(const wire::OffsetCommitRequest& request, Context& context) {
  wire::OffsetCommitResponse response;
  const bool by_id = context.version() >= 10;
  const BrokerLimits& limits = context.settings().limits;
  const Code general = group_fault(request);
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
