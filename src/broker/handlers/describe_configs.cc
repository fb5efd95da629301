#include "wire/messages/describe_configs.h"

#include <algorithm>

#include "broker/config.h"
#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Answer = wire::DescribeConfigsResponse::Resource;
using Wanted = wire::DescribeConfigsRequest::Resource;
constexpr int8_t kTopic = 2, kBroker = 4, kBrokerLogger = 8, kClientMetrics = 16, kGroup = 32;

template <class Values>
void describe(const wire::DescribeConfigsRequest& request, const Wanted& wanted,
              std::span<const ConfigKey> keys, bool topic, Values values_of, Answer& answer) {
  for (const ConfigKey& key : keys) {
    const auto& names = wanted.configuration_keys;
    if (names && !names->empty() &&
        std::find(names->begin(), names->end(), key.name) == names->end()) {
      continue;  // an empty list means all, as null does
    }
    const std::vector<ConfigValue> values = values_of(key);
    auto& config = answer.configs.emplace_back();
    config.name = key.name;
    config.value = values.front().value;
    config.read_only = !topic && !is_dynamic(key);
    config.config_source = static_cast<int8_t>(values.front().source);
    config.config_type = static_cast<int8_t>(key.type);
    if (request.include_documentation) config.documentation = key.what;
    if (!request.include_synonyms) continue;
    for (const ConfigValue& value : values) {
      config.synonyms.push_back({value.name, value.value, static_cast<int8_t>(value.source)});
    }
  }
}

void describe(const wire::DescribeConfigsRequest& request, const Wanted& wanted, Context& context,
              Answer& answer) {
  const ConfigMap& broker_config = context.state().broker_config();
  if (wanted.resource_type == kTopic) {
    const Topic* topic = context.state().topic(wanted.resource_name);
    if (!topic) {
      answer.error_code = topic_name_valid(wanted.resource_name) ? Code::unknown_topic_or_partition
                                                                 : Code::invalid_topic_exception;
      answer.error_message = "there is no such topic";
      return;
    }
    const auto values = [&](const ConfigKey& key) {
      return topic_config_values(key, *topic, broker_config, context.settings());
    };
    return describe(request, wanted, topic_config_keys(), true, values, answer);
  }
  if (wanted.resource_type == kBroker) {
    const bool ours = wanted.resource_name.empty() ||
                      wanted.resource_name == std::to_string(context.settings().node_id);
    if (!ours) {
      answer.error_code = Code::invalid_request;
      answer.error_message = "no broker of this number";
      return;
    }
    const auto values = [&](const ConfigKey& key) {
      return broker_config_values(key, broker_config, context.settings());
    };
    if (wanted.resource_name.empty()) {  // what was changed for all brokers, and nothing else
      std::vector<ConfigKey> changed;
      for (const ConfigKey& key : broker_config_keys()) {
        if (broker_config.contains(key.name)) changed.push_back(key);
      }
      return describe(request, wanted, changed, false, values, answer);
    }
    return describe(request, wanted, broker_config_keys(), false, values, answer);
  }
  // Of these there is nothing to set; tools ask for them beside the others.
  const bool named = !wanted.resource_name.empty();
  const bool ours = wanted.resource_name == std::to_string(context.settings().node_id);
  if ((wanted.resource_type == kBrokerLogger && ours) ||
      (named && (wanted.resource_type == kClientMetrics || wanted.resource_type == kGroup))) {
    return;
  }
  answer.error_code = Code::invalid_request;
  answer.error_message = "only topics (2) and brokers (4) have settings";
}

}  // namespace

/// DescribeConfigs: values, and where each comes from.
void handle(const wire::DescribeConfigsRequest& request, Context& context) {
  wire::DescribeConfigsResponse response;
  for (const auto& wanted : request.resources) {
    Answer& answer = response.results.emplace_back();
    answer.resource_type = wanted.resource_type;
    answer.resource_name = wanted.resource_name;
    describe(request, wanted, context, answer);
  }
  context.reply(response);
}

}  // namespace holdfast::broker
