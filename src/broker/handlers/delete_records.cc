#include "wire/messages/delete_records.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Answer = wire::DeleteRecordsResponse::Topic::Partition;

void move_start(Partition* partition, int64_t offset, Context& context, Answer& answer) {
  answer.low_watermark = -1;
  if (!partition) {
    answer.error_code = Code::unknown_topic_or_partition;
    return;
  }
  if (partition->topic->rules.compacted && !partition->topic->rules.deleted) {
    answer.error_code = Code::policy_violation;  // as in Kafka: by key alone, by nothing else
    return;
  }
  const int64_t before = offset == -1 ? partition->high_watermark : offset;
  if (before < 0 || before > partition->high_watermark) {
    answer.error_code = Code::offset_out_of_range;
    return;
  }
  if (before > partition->log_start) {
    const Status moved = context.core.change(LogStartMoved{partition->log_id.value, before});
    if (!moved) {
      answer.error_code = code_for(moved.error());
      return;
    }
  }
  answer.low_watermark = partition->log_start;
}

}  // namespace

/// DeleteRecords: what lies before an offset can no longer be read; its space is given back by
/// the log's cleaner.
void handle(const wire::DeleteRecordsRequest& request, Context& context) {
  wire::DeleteRecordsResponse response;
  for (const auto& wanted_topic : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.name = wanted_topic.name;
    const Topic* topic = context.state().topic(wanted_topic.name);
    for (const auto& wanted : wanted_topic.partitions) {
      Answer& answer = answers.partitions.emplace_back();
      answer.partition_index = wanted.partition_index;
      move_start(topic ? topic->partition(wanted.partition_index) : nullptr, wanted.offset, context,
                 answer);
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
