#include "wire/messages/describe_producers.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Answer = wire::DescribeProducersResponse::Topic::Partition;

void describe(const Partition& partition, Answer& answer) {
  for (const auto& seen : partition.producers.all()) {
    const auto since = partition.transactions ? partition.transactions->open_since(seen.producer_id)
                                              : std::nullopt;
    answer.active_producers.push_back({.producer_id = seen.producer_id,
                                       .producer_epoch = seen.producer_epoch,
                                       .last_sequence = seen.last_sequence,
                                       .last_timestamp = seen.last_seen_ms,
                                       .coordinator_epoch = 0,
                                       .current_txn_start_offset = since.value_or(-1)});
  }
}

}  // namespace

/// DescribeProducers: who has written to partitions of late, and where their open transactions
/// begin. After a restart the time of the last write is the time of the restart.
void handle(const wire::DescribeProducersRequest& request, Context& context) {
  wire::DescribeProducersResponse response;
  for (const auto& wanted : request.topics) {
    auto& answers = response.topics.emplace_back();
    answers.name = wanted.name;
    const Topic* topic = context.state().topic(wanted.name);
    for (const int32_t index : wanted.partition_indexes) {
      Answer& answer = answers.partitions.emplace_back();
      answer.partition_index = index;
      if (const Partition* partition = topic ? topic->partition(index) : nullptr) {
        describe(*partition, answer);
      } else {
        answer.error_code = wire::ErrorCode::unknown_topic_or_partition;
      }
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
