#include "testing/simulation/passing_topic.h"

#include "testing/simulation/fetching.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/delete_topics.h"
#include "wire/messages/produce.h"

namespace holdfast::simulation {
namespace {

using Code = wire::ErrorCode;

constexpr std::string_view topic_name = "passing";
constexpr int64_t request_timeout_us = 5 * seconds;

std::vector<std::pair<std::string, std::string>> configs_of(int64_t kind) {
  if (kind == 0) return {};
  if (kind == 1) return {{"retention.bytes", "50000"}};
  return {
      {"cleanup.policy", "compact"}, {"min.cleanable.dirty.ratio", "0.01"}, {"segment.ms", "100"}};
}

/// It is being created or deleted by somebody's request that came late.
bool gone(Code code) {
  return code == Code::unknown_topic_or_partition || code == Code::offset_out_of_range;
}

}  // namespace

void PassingTopic::crash() {
  die();
  unanswered_.insert(written_.begin(), written_.end());
  go_on(5 * seconds, &PassingTopic::create);
}

void PassingTopic::go_on(int64_t most_us, void (PassingTopic::*step)()) {
  later(scheduler().between(ms, most_us), [this, step] {
    if (!finishing_) (this->*step)();
  });
}

void PassingTopic::create() {
  const int64_t kind = scheduler().below(4);
  topic_ = {.name = std::string(topic_name),
            .partitions = static_cast<int32_t>(scheduler().between(1, 3)),
            .compacted = kind > 1,
            .configs = configs_of(kind),
            .value_bytes_most = 20'000};
  wire::CreateTopicsRequest request;
  request.timeout_ms = 3000;
  request.topics.push_back({.name = topic_.name,
                            .num_partitions = topic_.partitions,
                            .replication_factor = 1,
                            .assignments = {},
                            .configs = {}});
  for (const auto& [key, value] : topic_.configs)
    request.topics.back().configs.push_back({key, value});
  peer_.call<wire::CreateTopicsResponse>(request, 5, request_timeout_us, false,
                                         [this](std::optional<wire::CreateTopicsResponse> answer) {
                                           if (!answer)
                                             return go_on(seconds, &PassingTopic::create);
                                           const Code code = answer->topics.at(0).error_code;
                                           if (code == Code::topic_already_exists) return remove();
                                           if (try_again(code))
                                             return go_on(seconds, &PassingTopic::create);
                                           if (code != Code::none)
                                             return unexpected("CreateTopics", code);
                                           written_.clear();
                                           left_ = scheduler().between(1, 60);
                                           use();
                                         });
}

void PassingTopic::use() {
  if (left_-- == 0) return remove();
  scheduler().one_in(5) ? look() : fill();
}

void PassingTopic::fill() {
  std::vector<Item> items;
  for (int64_t left = scheduler().between(1, 8); left > 0; --left) {
    Item item{.value = world_.new_value()};
    if (topic_.compacted) item.key = static_cast<uint64_t>(scheduler().between(1, topic_.keys));
    written_.insert(item.value);
    items.push_back(item);
  }
  const ByteBuffer batch = make_batch(items, {.timestamp_ms = world_.scheduler.wall_us() / 1000},
                                      topic_.value_bytes_most);
  wire::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 3000;
  const auto partition = static_cast<int32_t>(scheduler().below(topic_.partitions));
  request.topic_data.push_back({topic_.name, {}, {{partition, batch}}});
  peer_.call<wire::ProduceResponse>(
      request, 9, request_timeout_us, false,
      [this, items](std::optional<wire::ProduceResponse> answer) {
        if (!answer) {
          for (const Item& item : items) unanswered_.insert(item.value);
          return go_on(seconds, &PassingTopic::use);
        }
        const Code code = answer->responses.at(0).partition_responses.at(0).error_code;
        // A request to create or delete it that came late may have changed it behind our back.
        if (code != Code::none && !try_again(code) && !gone(code) && code != Code::invalid_record)
          return unexpected("Produce", code);
        go_on(code == Code::none ? 200 * ms : seconds, &PassingTopic::use);
      });
}

/// Whatever is in it was written to it.
void PassingTopic::look() {
  std::vector<Position> positions;
  for (int32_t i = 0; i < topic_.partitions; ++i)
    positions.push_back({.topic = topic_.name, .partition = i});
  peer_.call<wire::FetchResponse>(make_fetch(positions, false, 0, 1 << 20), 12, request_timeout_us,
                                  false, [this](std::optional<wire::FetchResponse> answer) {
                                    if (!answer) return go_on(seconds, &PassingTopic::use);
                                    for (const auto& topic : answer->responses) {
                                      for (const auto& partition : topic.partitions) {
                                        const Code code = partition.error_code;
                                        if (code != Code::none && !try_again(code) && !gone(code))
                                          return unexpected("Fetch", code);
                                        ByteBuffer bytes;
                                        for (const ByteView part : partition.records.parts)
                                          append(bytes, part);
                                        found(bytes);
                                      }
                                    }
                                    go_on(200 * ms, &PassingTopic::use);
                                  });
}

void PassingTopic::found(ByteView records) {
  const auto batches = read_batches(records);
  if (!batches)
    return world_.violation(Violation::Kind::visibility,
                            peer_.name() + ": read damaged: " + batches.error().message);
  for (const FoundBatch& batch : *batches) {
    for (const auto& record : batch.records) {
      if (!written_.contains(record.item.value) && !unanswered_.contains(record.item.value))
        world_.violation(Violation::Kind::visibility,
                         fmt::format("{}: offset {} holds what was written to a topic that is gone",
                                     peer_.name(), record.offset));
    }
  }
}

void PassingTopic::remove() {
  wire::DeleteTopicsRequest request;
  request.timeout_ms = 3000;
  request.topic_names = {topic_name};
  peer_.call<wire::DeleteTopicsResponse>(
      request, 5, request_timeout_us, false,
      [this](std::optional<wire::DeleteTopicsResponse> answer) {
        if (!answer) return go_on(seconds, &PassingTopic::remove);
        const Code code = answer->responses.at(0).error_code;
        if (code != Code::none && !try_again(code) && !gone(code))
          return unexpected("DeleteTopics", code);
        go_on(5 * seconds, try_again(code) ? &PassingTopic::remove : &PassingTopic::create);
      });
}

}  // namespace holdfast::simulation
