#include "wire/messages/create_topics.h"

#include <fmt/core.h>
#include <set>

#include "base/log_line.h"
#include "broker/config.h"
#include "broker/context.h"
#include "broker/handlers/common.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Wanted = wire::CreateTopicsRequest::Topic;
using Answer = wire::CreateTopicsResponse::Topic;

/// An assignment of replicas can only be one to us; it tells the number of partitions.
Refusal judge_assignments(const Wanted& wanted, int32_t node_id) {
  if (wanted.num_partitions != -1 || wanted.replication_factor != -1) {
    return {Code::invalid_request,
            "partitions and replicas are given twice: as numbers and as assignments"};
  }
  std::set<int32_t> seen;
  for (const auto& assignment : wanted.assignments) {
    const bool ours = assignment.broker_ids.size() == 1 && assignment.broker_ids[0] == node_id;
    if (!ours || !seen.insert(assignment.partition_index).second) {
      return {Code::invalid_replica_assignment,
              fmt::format("every partition has one replica, on broker {}", node_id)};
    }
  }
  if (*seen.begin() != 0 || *seen.rbegin() != static_cast<int32_t>(seen.size()) - 1) {
    return {Code::invalid_replica_assignment, "the numbers of the partitions have gaps"};
  }
  return {};
}

Refusal judge_replicas(const Wanted& wanted, const BrokerSettings& settings) {
  const int replicas = wanted.replication_factor;
  if (replicas == -1 || replicas == 1) return {};
  if (replicas > 1 && settings.clamp_replication_factor) {
    log_warning("broker", "topic {} wants {} replicas; there is one broker, so it gets one",
                wanted.name, replicas);
    return {};
  }
  return {Code::invalid_replication_factor, "there is one broker, so there can be one replica"};
}

Refusal judge_configs(const Wanted& wanted, ConfigMap& config) {
  for (const auto& setting : wanted.configs) {
    const ConfigKey* key = find_config_key(topic_config_keys(), setting.name);
    if (!key) return {Code::invalid_config, fmt::format("unknown topic setting {}", setting.name)};
    if (!setting.value) return {Code::invalid_config, fmt::format("{} has no value", setting.name)};
    if (const Status fine = judge_config(*key, *setting.value); !fine)
      return {Code::invalid_config, fine.error().message};
    config.insert_or_assign(std::string(setting.name), *setting.value);  // the last one counts
  }
  return {};
}

Refusal create_one(const Wanted& wanted, bool validate_only, Context& context) {
  NewTopic topic{
      .name = std::string(wanted.name), .partitions = wanted.num_partitions, .config = {}};
  if (!wanted.assignments.empty()) {
    if (Refusal refusal = judge_assignments(wanted, context.settings().node_id)) return refusal;
    topic.partitions = static_cast<int32_t>(wanted.assignments.size());
  } else if (Refusal refusal = judge_replicas(wanted, context.settings())) {
    return refusal;
  }
  if (Refusal refusal = judge_configs(wanted, topic.config)) return refusal;
  return validate_only ? judge(context, topic) : create(context, topic);
}

void describe(const Topic& topic, Context& context, Answer& answer) {
  answer.topic_id = topic.id;
  answer.num_partitions = static_cast<int32_t>(topic.partitions.size());
  answer.replication_factor = 1;
  auto& configs = answer.configs.emplace();
  for (const ConfigKey& key : topic_config_keys()) {
    const ConfigValue value =
        topic_config_values(key, topic, context.state().broker_config(), context.settings())
            .front();
    configs.push_back({.name = std::string(key.name),
                       .value = value.value,
                       .config_source = static_cast<int8_t>(value.source)});
  }
}

/// What has only been judged: as if it were there, without an id.
Topic would_be(const Wanted& wanted, const Context& context) {
  Topic topic;
  topic.name = wanted.name;
  for (const auto& setting : wanted.configs)
    topic.config.insert_or_assign(std::string(setting.name), setting.value.value_or(""));
  const int32_t asked = wanted.assignments.empty()
                            ? wanted.num_partitions
                            : static_cast<int32_t>(wanted.assignments.size());
  topic.partitions.resize(
      static_cast<size_t>(asked > 0 ? asked : context.core.settings().default_partitions));
  return topic;
}

}  // namespace

/// CreateTopics. A topic that is asked for twice in one request is refused, once, as Kafka does.
void handle(const wire::CreateTopicsRequest& request, Context& context) {
  wire::CreateTopicsResponse response;
  std::multiset<std::string_view> names;
  std::set<std::string_view> answered;
  for (const Wanted& wanted : request.topics) names.insert(wanted.name);
  for (const Wanted& wanted : request.topics) {
    if (names.count(wanted.name) > 1 && !answered.insert(wanted.name).second) continue;
    Answer& answer = response.topics.emplace_back();
    answer.name = wanted.name;
    answer.configs.emplace();
    Refusal refusal =
        names.count(wanted.name) > 1
            ? Refusal{Code::invalid_request, "the topic is there twice in the request"}
            : create_one(wanted, request.validate_only, context);
    answer.error_code = refusal.code;
    if (refusal) {
      answer.error_message = std::move(refusal.message);
    } else if (request.validate_only) {
      describe(would_be(wanted, context), context, answer);
    } else if (const Topic* topic = context.state().topic(wanted.name)) {
      describe(*topic, context, answer);
    }
  }
  context.reply(response);
}

}  // namespace holdfast::broker
