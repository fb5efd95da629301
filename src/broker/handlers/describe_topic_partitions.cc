#include "wire/messages/describe_topic_partitions.h"

#include <algorithm>
#include <set>

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Page = wire::DescribeTopicPartitionsResponse;
constexpr int32_t kPartitionsMax = 2000;

Page::Topic::Partition describe(const Partition& partition, int32_t node_id) {
  return {.partition_index = partition.index,
          .leader_id = node_id,
          .leader_epoch = leader_epoch,
          .replica_nodes = {node_id},
          .isr_nodes = {node_id},
          .eligible_leader_replicas = std::vector<int32_t>{},
          .last_known_elr = std::vector<int32_t>{},
          .offline_replicas = {}};
}

/// Adds a topic from one of its partitions on. False: the page is full, and `next_cursor` says
/// where it goes on.
bool add(const Topic& topic, int32_t from, int32_t& room, int32_t node_id, Page& response) {
  if (room == 0) {
    response.next_cursor = {topic.name, from};
    return false;
  }
  auto& described = response.topics.emplace_back();
  described.name = topic.name;
  described.topic_id = topic.id;
  described.is_internal = topic_internal(topic.name);
  described.topic_authorized_operations = operations_on_topic;
  const auto count = static_cast<int32_t>(topic.partitions.size());
  for (int32_t i = from; i < count; ++i, --room) {
    if (room == 0) {
      response.next_cursor = {topic.name, i};
      return false;
    }
    described.partitions.push_back(describe(*topic.partition(i), node_id));
  }
  return true;
}

/// Kafka refuses all when it cannot tell where the page begins.
bool cursor_valid(const wire::DescribeTopicPartitionsRequest& request,
                  const std::set<std::string_view>& names) {
  return !request.cursor ||
         (request.cursor->partition_index >= 0 && names.contains(request.cursor->topic_name));
}

Page refuse_all(const std::set<std::string_view>& names) {
  Page response;
  for (const std::string_view name : names) {
    auto& refused = response.topics.emplace_back();
    refused.name = name;
    refused.error_code = wire::ErrorCode::invalid_request;
  }
  return response;
}

}  // namespace

/// DescribeTopicPartitions: topics in the order of their names, a page at a time.
void handle(const wire::DescribeTopicPartitionsRequest& request, Context& context) {
  Page response;
  int32_t room = std::clamp(request.response_partition_limit, 1, kPartitionsMax);
  std::set<std::string_view> names;
  for (const auto& wanted : request.topics) names.insert(wanted.name);
  if (!names.empty() && !cursor_valid(request, names)) return context.reply(refuse_all(names));
  if (names.empty()) {
    for (const auto& [name, topic] : context.state().topics()) names.insert(name);
  }
  for (const std::string_view name : names) {
    if (request.cursor && name < request.cursor->topic_name) continue;
    const Topic* topic = context.state().topic(name);
    if (!topic) {
      auto& unknown = response.topics.emplace_back();
      unknown.name = name;
      unknown.topic_authorized_operations = operations_on_topic;
      unknown.error_code = topic_name_valid(name) ? wire::ErrorCode::unknown_topic_or_partition
                                                  : wire::ErrorCode::invalid_topic_exception;
      continue;
    }
    const bool first_of_page = request.cursor && name == request.cursor->topic_name;
    const int32_t from = first_of_page ? std::max(request.cursor->partition_index, 0) : 0;
    if (!add(*topic, from, room, context.settings().node_id, response)) break;
  }
  context.reply(response);
}

}  // namespace holdfast::broker
