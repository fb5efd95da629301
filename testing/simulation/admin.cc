#include "testing/simulation/admin.h"

#include <algorithm>

#include "wire/messages/create_topics.h"
#include "wire/messages/delete_records.h"
#include "wire/messages/incremental_alter_configs.h"

namespace holdfast::simulation {
namespace {

constexpr int64_t request_timeout_us = 5 * seconds;

}  // namespace

void Admin::create(size_t number) {
  if (number == topics_.size()) {
    if (trims_) trim();
    alter();
    return ready_();
  }
  const TopicPlan& topic = topics_[number];
  wire::CreateTopicsRequest request;
  request.timeout_ms = 3000;
  request.topics.push_back({.name = topic.name,
                            .num_partitions = topic.partitions,
                            .replication_factor = 1,
                            .assignments = {},
                            .configs = {}});
  for (const auto& [key, value] : topic.configs)
    request.topics.back().configs.push_back({key, value});
  for (int32_t i = 0; i < topic.partitions; ++i) {
    auto& partition = world_.history.partitions[world_.partition(topic.name, i)];
    partition.compacted = topic.compacted;
    partition.tombstones_stay = topic.tombstones_stay;
  }
  peer_.call<wire::CreateTopicsResponse>(
      request, 5, request_timeout_us, false,
      [this, number](std::optional<wire::CreateTopicsResponse> answer) {
        if (!answer) return later(100 * ms, [this, number] { create(number); });
        const wire::ErrorCode code = answer->topics.at(0).error_code;
        if (code == wire::ErrorCode::none || code == wire::ErrorCode::topic_already_exists)
          return create(number + 1);
        if (!try_again(code)) return unexpected("CreateTopics", code);
        later(100 * ms, [this, number] { create(number); });
      });
}

/// Compacts a topic, or does not, now and then.
void Admin::alter() {
  const auto topic = std::ranges::find(topics_, true, &TopicPlan::alters);
  if (topic == topics_.end()) return;
  later(scheduler().between(2 * seconds, 30 * seconds), [this, name = topic->name] {
    if (finishing_) return;
    wire::IncrementalAlterConfigsRequest request;
    request.resources.push_back({.resource_type = 2, .resource_name = name, .configs = {}});
    request.resources.back().configs.push_back(
        {.name = "cleanup.policy", .value = scheduler().one_in(3) ? "delete" : "compact"});
    peer_.call<wire::IncrementalAlterConfigsResponse>(
        request, 1, request_timeout_us, true,
        [this](std::optional<wire::IncrementalAlterConfigsResponse> answer) {
          alter();
          if (!answer) return;
          const auto code = answer->responses.at(0).error_code;
          if (code != wire::ErrorCode::none && !try_again(code))
            unexpected("IncrementalAlterConfigs", code);
        });
  });
}

void Admin::trim() {
  later(scheduler().between(2 * seconds, 20 * seconds), [this] {
    if (finishing_) return;
    const TopicPlan& topic =
        topics_[static_cast<size_t>(scheduler().below(static_cast<int64_t>(topics_.size())))];
    const auto index = static_cast<int32_t>(scheduler().below(topic.partitions));
    const uint32_t partition = world_.partition(topic.name, index);
    const int64_t end = world_.known_end(partition);
    if (end == 0 || !topic.trims) return trim();
    const int64_t upto = scheduler().between(0, end);
    auto& trimmed = world_.history.partitions[partition].trimmed_to;
    trimmed = std::max(trimmed, upto);
    wire::DeleteRecordsRequest request;
    request.timeout_ms = 3000;
    request.topics.push_back({topic.name, {{index, upto}}});
    peer_.call<wire::DeleteRecordsResponse>(
        request, 2, request_timeout_us, true,
        [this](std::optional<wire::DeleteRecordsResponse> answer) {
          trim();
          if (!answer) return;
          const auto code = answer->topics.at(0).partitions.at(0).error_code;
          if (code != wire::ErrorCode::none && !try_again(code)) unexpected("DeleteRecords", code);
        });
  });
}

}  // namespace holdfast::simulation
