#include "broker/handlers/common.h"

#include <algorithm>
#include <fmt/core.h>

namespace holdfast::broker {

wire::ErrorCode code_for(const Error& error) {
  switch (error.code) {
    case ErrorCode::limit:
    case ErrorCode::disk_full:
    case ErrorCode::read_only:
    case ErrorCode::corrupt:
    case ErrorCode::io:
      return wire::ErrorCode::kafka_storage_error;
    case ErrorCode::invalid:
      return wire::ErrorCode::invalid_request;
    default:
      return wire::ErrorCode::unknown_server_error;
  }
}

Topic* find_topic(Context& context, std::string_view name, const TopicId& id, bool by_id) {
  return by_id ? context.state().topic(id) : context.state().topic(name);
}

wire::ErrorCode check_leader_epoch(int32_t current_leader_epoch) {
  if (current_leader_epoch < 0 || current_leader_epoch == leader_epoch)
    return wire::ErrorCode::none;
  return current_leader_epoch > leader_epoch ? wire::ErrorCode::unknown_leader_epoch
                                             : wire::ErrorCode::fenced_leader_epoch;
}

namespace {

/// A topic whose name differs in '.' and '_' only, as Kafka forbids.
const Topic* colliding(const State& state, std::string_view name) {
  if (name.find_first_of("._") == std::string_view::npos) return nullptr;
  const auto same = [](char a, char b) { return (a == '.' ? '_' : a) == (b == '.' ? '_' : b); };
  // Names that agree up to the first of the two characters lie side by side.
  const std::string_view stem = name.substr(0, name.find_first_of("._"));
  for (auto each = state.topics().lower_bound(stem); each != state.topics().end(); ++each) {
    if (!each->first.starts_with(stem)) break;
    if (std::equal(name.begin(), name.end(), each->first.begin(), each->first.end(), same))
      return each->second;
  }
  return nullptr;
}

}  // namespace

Refusal judge(Context& context, const NewTopic& topic) {
  const BrokerLimits& limits = context.settings().limits;
  if (!topic_name_valid(topic.name)) {
    return {
        wire::ErrorCode::invalid_topic_exception,
        "a topic's name has 1 to 249 letters, digits, '.', '_' or '-', and is not \".\" or \"..\""};
  }
  if (context.state().topic(topic.name)) {
    return {wire::ErrorCode::topic_already_exists, fmt::format("topic {} exists", topic.name)};
  }
  if (topic.name == "__cluster_metadata")
    return {wire::ErrorCode::invalid_request, "this name is Kafka's own"};
  if (const Topic* like = colliding(context.state(), topic.name)) {
    return {wire::ErrorCode::invalid_topic_exception,
            fmt::format("topic {} would have the same name in metrics, where '.' is '_'",
                        like->name)};
  }
  if (topic.partitions == 0 || topic.partitions < -1) {
    return {wire::ErrorCode::invalid_partitions, "a topic has at least one partition"};
  }
  const int64_t partitions =
      topic.partitions > 0 ? topic.partitions : context.settings().default_partitions;
  if (context.state().topics().size() >= limits.topics_max) {
    return {wire::ErrorCode::policy_violation,
            fmt::format("there are {} topics, and no more are allowed", limits.topics_max)};
  }
  if (context.state().partition_count() + partitions > limits.partitions_max) {
    return {wire::ErrorCode::invalid_partitions,
            fmt::format("there are {} partitions, and {} are allowed",
                        context.state().partition_count(), limits.partitions_max)};
  }
  return {};
}

Refusal create(Context& context, const NewTopic& topic) {
  if (Refusal refusal = judge(context, topic)) return refusal;
  const Status created = context.core.change(TopicCreated{
      .id = context.core.new_id(),
      .name = topic.name,
      .first_log_id = context.state().next_log_id(),
      .partitions = topic.partitions > 0 ? topic.partitions : context.settings().default_partitions,
      .config = topic.config,
  });
  if (!created) return {code_for(created.error()), created.error().message};
  return {};
}

}  // namespace holdfast::broker
