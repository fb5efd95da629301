#include "broker/handlers/change_configs.h"

#include <fmt/core.h>

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
constexpr int8_t kTopic = 2, kBroker = 4;

Refusal keep(Context& context, const StateRecord& record) {
  const Status kept = context.core.change(record);
  return kept ? Refusal{} : Refusal{code_for(kept.error()), kept.error().message};
}

}  // namespace

Refusal change_configs(Context& context, int8_t resource_type, std::string_view resource_name,
                       bool validate_only, const ConfigChange& change) {
  if (resource_type == kTopic) {
    const Topic* topic = context.state().topic(resource_name);
    if (!topic) {
      return {topic_name_valid(resource_name) ? Code::unknown_topic_or_partition
                                              : Code::invalid_topic_exception,
              fmt::format("there is no topic {}", resource_name)};
    }
    ConfigMap config = topic->config;
    if (Refusal refusal = change(topic_config_keys(), config)) return refusal;
    if (validate_only || config == topic->config) return {};
    return keep(context, TopicConfigured{topic->id, std::move(config)});
  }
  if (resource_type == kBroker) {
    if (!resource_name.empty() && resource_name != std::to_string(context.settings().node_id)) {
      return {Code::invalid_request, "no broker of this number"};
    }
    ConfigMap config = context.state().broker_config();
    if (Refusal refusal = change(broker_config_keys(), config)) return refusal;
    if (validate_only || config == context.state().broker_config()) return {};
    return keep(context, BrokerConfigured{std::move(config)});
  }
  return {Code::invalid_request, "only topics (2) and brokers (4) have settings"};
}

Refusal set_config(std::span<const ConfigKey> keys, ConfigMap& config, std::string_view name,
                   std::string_view value) {
  const ConfigKey* key = find_config_key(keys, name);
  if (!key) return {Code::invalid_config, fmt::format("unknown setting {}", name)};
  if (keys.data() == broker_config_keys().data() && !is_dynamic(*key)) {
    return {Code::invalid_request, fmt::format("{} cannot be changed while the broker runs", name)};
  }
  if (const Status fine = judge_config(*key, value); !fine)
    return {Code::invalid_config, fine.error().message};
  config.insert_or_assign(std::string(name), std::string(value));
  return {};
}

}  // namespace holdfast::broker
