#include "wire/messages/offset_for_leader_epoch.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// OffsetForLeaderEpoch: there is one epoch for all time, and it ends where the partition does. A
/// consumer never learns that records were taken back, because they never are.
void handle(const wire::OffsetForLeaderEpochRequest& request, Context& context) {
  wire::OffsetForLeaderEpochResponse response;
  for (const auto& wanted_topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.topic = wanted_topic.topic;
    const Topic* topic = context.state().topic(wanted_topic.topic);
    for (const auto& wanted : wanted_topic.partitions) {
      auto& answer = answers.partitions.emplace_back();
      answer.partition = wanted.partition;
      const Partition* partition = topic ? topic->partition(wanted.partition) : nullptr;
      answer.error_code = partition ? check_leader_epoch(wanted.current_leader_epoch)
                                    : wire::ErrorCode::unknown_topic_or_partition;
      if (answer.error_code != wire::ErrorCode::none || wanted.leader_epoch != leader_epoch)
        continue;
      answer.leader_epoch = leader_epoch;
      answer.end_offset = partition->high_watermark;
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
