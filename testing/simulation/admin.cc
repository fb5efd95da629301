#include "testing/simulation/admin.h"

#include "wire/messages/create_topics.h"
#include "wire/messages/delete_records.h"

namespace holdfast::simulation {
namespace {

constexpr int64_t request_timeout_us = 5 * seconds;

}  // namespace

void Admin::create(size_t number) {
  if (number == topics_.size()) {
    if (trims_) trim();
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
