#include "wire/messages/describe_quorum.h"

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Answer = wire::DescribeQuorumResponse::Topic::Partition;

/// The metadata lies in the log with everything else, so its "offsets" are positions of that log.
Answer describe(Context& context, std::string_view topic, int32_t index) {
  Answer answer;
  answer.partition_index = index;
  answer.error_message.reset();
  if (topic != "__cluster_metadata" || index != 0) {
    answer.error_code = wire::ErrorCode::unknown_topic_or_partition;
    return answer;
  }
  const auto end = static_cast<int64_t>(context.core.log().durable().value);
  answer.leader_id = context.settings().node_id;
  answer.leader_epoch = leader_epoch;
  answer.high_watermark = end;
  answer.current_voters.push_back({.replica_id = context.settings().node_id,
                                   .replica_directory_id = {},
                                   .log_end_offset = end,
                                   .last_fetch_timestamp = -1,
                                   .last_caught_up_timestamp = context.now.wall_ms});
  return answer;
}

}  // namespace

/// DescribeQuorum: a quorum of one, led by this broker.
void handle(const wire::DescribeQuorumRequest& request, Context& context) {
  wire::DescribeQuorumResponse response;
  response.error_message.reset();
  for (const auto& topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.topic_name = topic.topic_name;
    for (const auto& wanted : topic.partitions)
      answers.partitions.push_back(describe(context, topic.topic_name, wanted.partition_index));
  }
  const os::Address& address = context.core.address();
  response.nodes.push_back(
      {.node_id = context.settings().node_id,
       .listeners = {{.name = "PLAINTEXT", .host = address.host, .port = address.port}}});
  context.reply(response);
}

}  // namespace holdfast::broker
