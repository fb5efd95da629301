#include "wire/messages/offset_fetch.h"

#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using coordinator::CommittedOffset;
using Group = wire::OffsetFetchResponse::Group;

/// Where an offset is asked for.
struct Place {
  std::string_view group, topic;
  int32_t partition = 0;
  bool stable = false;  // not while a transaction may still change it (KIP-447)
};

/// `answer` is of one of two types, which have the same fields.
template <class Answer>
void fill(Context& context, const Place& place, Answer& answer) {
  const auto& [group, topic, partition, stable] = place;
  const CommittedOffset* committed = context.state().offsets().find(group, topic, partition);
  if (stable && context.state().pending_offsets().undecided(group, topic, partition)) {
    answer.error_code = wire::ErrorCode::unstable_offset_commit;
    committed = nullptr;
  }
  answer.partition_index = partition;
  answer.committed_offset = committed ? committed->offset : -1;
  answer.committed_leader_epoch = committed ? committed->leader_epoch : -1;
  answer.metadata = committed ? committed->metadata : std::string();
}

/// All that the group has stored.
template <class Answer>
void fill_all(Context& context, std::string_view group, bool by_id, bool stable, Answer& answers) {
  const auto* topics = context.state().offsets().of_group(group);
  if (!topics) return;
  for (const auto& [name, partitions] : *topics) {
    auto& topic = answers.emplace_back();
    topic.name = name;
    if constexpr (requires { topic.topic_id; }) {
      if (const Topic* known = context.state().topic(name); by_id && known)
        topic.topic_id = known->id;
    }
    for (const auto& [partition, committed] : partitions)
      fill(context, {group, name, partition, stable}, topic.partitions.emplace_back());
  }
}

void fill_group(Context& context, const wire::OffsetFetchRequest::Group& wanted, bool stable,
                Group& answer) {
  const bool by_id = context.version() >= 10;
  answer.group_id = wanted.group_id;
  if (!wanted.topics) return fill_all(context, wanted.group_id, by_id, stable, answer.topics);
  for (const auto& wanted_topic : *wanted.topics) {
    auto& topic = answer.topics.emplace_back();
    topic.name = wanted_topic.name;
    topic.topic_id = wanted_topic.topic_id;
    const Topic* known = find_topic(context, wanted_topic.name, wanted_topic.topic_id, by_id);
    const std::string_view name =
        by_id ? (known ? std::string_view(known->name) : "") : wanted_topic.name;
    for (const int32_t partition : wanted_topic.partition_indexes) {
      auto& filled = topic.partitions.emplace_back();
      fill(context, {wanted.group_id, name, partition, stable}, filled);
      if (by_id && !known) filled.error_code = wire::ErrorCode::unknown_topic_id;
    }
  }
}

}  // namespace

/// OffsetFetch: what a group, or several, has stored; -1 where it has nothing.
void handle(const wire::OffsetFetchRequest& request, Context& context) {
  wire::OffsetFetchResponse response;
  if (context.version() >= 8) {
    for (const auto& wanted : request.groups)
      fill_group(context, wanted, request.require_stable, response.groups.emplace_back());
    return context.reply(response);
  }
  if (!request.topics) {
    fill_all(context, request.group_id, false, request.require_stable, response.topics);
    return context.reply(response);
  }
  for (const auto& wanted_topic : *request.topics) {
    auto& topic = response.topics.emplace_back();
    topic.name = wanted_topic.name;
    for (const int32_t partition : wanted_topic.partition_indexes) {
      fill(context, {request.group_id, wanted_topic.name, partition, request.require_stable},
           topic.partitions.emplace_back());
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
