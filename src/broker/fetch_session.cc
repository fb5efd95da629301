#include "broker/fetch_session.h"

#include <utility>

namespace holdfast::broker {

FetchSession::Wanted FetchSession::Kept::wanted() const {
  return {.partition = partition,
          .current_leader_epoch = current_leader_epoch,
          .fetch_offset = fetch_offset,
          .last_fetched_epoch = last_fetched_epoch,
          .partition_max_bytes = partition_max_bytes,
          .replica_directory_id = {}};
}

void FetchSession::Kept::want(const Wanted& wanted) {
  current_leader_epoch = wanted.current_leader_epoch;
  fetch_offset = wanted.fetch_offset;
  last_fetched_epoch = wanted.last_fetched_epoch;
  partition_max_bytes = wanted.partition_max_bytes;
}

FetchSession::Topics::value_type* FetchSession::find_topic(std::string_view name,
                                                           const wire::Uuid& id) {
  const auto found =
      topics_.find(by_id_ ? TopicKey{{}, id} : TopicKey{std::string(name), wire::Uuid{}});
  return found == topics_.end() ? nullptr : &*found;
}

void FetchSession::want(std::string_view topic, const wire::Uuid& id,
                        std::span<const Wanted> partitions) {
  if (partitions.empty()) return;
  TopicKey key = by_id_ ? TopicKey{{}, id} : TopicKey{std::string(topic), {}};
  auto& entry = *topics_.try_emplace(std::move(key)).first;
  for (const Wanted& wanted : partitions) {
    const auto [place, is_new] = places_.try_emplace({&entry, wanted.partition});
    if (is_new) {
      place->second = order_.insert(order_.end(), Kept{&entry, wanted.partition});
      ++entry.second.partitions;
    }
    place->second->want(wanted);
  }
}

void FetchSession::forget(std::string_view topic, const wire::Uuid& id,
                          std::span<const int32_t> partitions) {
  auto* entry = find_topic(topic, id);
  if (!entry) return;
  for (const int32_t partition : partitions) {
    const auto place = places_.find({entry, partition});
    if (place == places_.end()) continue;
    order_.erase(place->second);
    places_.erase(place);
    --entry->second.partitions;
  }
  if (entry->second.partitions == 0) topics_.erase(topics_.find(entry->first));
}

/// News are records, a moved end or beginning, and every error. After an error the partition is
/// told anew.
bool FetchSession::is_news(Kept& kept, const wire::FetchResponse::Topic::Partition& answer) {
  bool news = answer.records.size() > 0;
  news |= std::exchange(kept.told_high_watermark, answer.high_watermark) != answer.high_watermark;
  news |= std::exchange(kept.told_log_start, answer.log_start_offset) != answer.log_start_offset;
  if (answer.error_code != wire::ErrorCode::none) {
    kept.told_high_watermark = -1;
    news = true;
  }
  return news;
}

void FetchSession::told(const wire::FetchResponse& response) {
  for (const auto& topic : response.responses) {
    auto* entry = find_topic(topic.topic, topic.topic_id);
    for (const auto& answer : topic.partitions) {
      const auto place = places_.find({entry, answer.partition_index});
      if (place != places_.end()) is_news(*place->second, answer);
    }
  }
}

void FetchSession::keep_news(wire::FetchResponse& response) {
  for (auto& topic : response.responses) {
    auto* entry = find_topic(topic.topic, topic.topic_id);
    std::erase_if(topic.partitions, [&](const auto& answer) {
      const auto place = places_.find({entry, answer.partition_index});
      if (place == places_.end()) return false;
      const bool news = is_news(*place->second, answer);
      if (news && answer.records.size() > 0) order_.splice(order_.end(), order_, place->second);
      return !news;
    });
  }
  std::erase_if(response.responses, [](const auto& topic) { return topic.partitions.empty(); });
}

}  // namespace holdfast::broker
