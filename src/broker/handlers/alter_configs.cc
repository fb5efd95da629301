#include "wire/messages/alter_configs.h"

#include <fmt/core.h>

#include "broker/handlers/change_configs.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {

/// AlterConfigs: the given settings, and no others.
void handle(const wire::AlterConfigsRequest& request, Context& context) {
  wire::AlterConfigsResponse response;
  for (const auto& resource : request.resources) {
    auto& answer = response.responses.emplace_back();
    answer.resource_type = resource.resource_type;
    answer.resource_name = resource.resource_name;
    const auto replace = [&](std::span<const ConfigKey> keys, ConfigMap& config) -> Refusal {
      config.clear();
      for (const auto& setting : resource.configs) {
        if (!setting.value)
          return {wire::ErrorCode::invalid_request, fmt::format("{} has no value", setting.name)};
        if (Refusal refusal = set_config(keys, config, setting.name, *setting.value))
          return refusal;
      }
      return {};
    };
    Refusal refusal = change_configs(context, resource.resource_type, resource.resource_name,
                                     request.validate_only, replace);
    answer.error_code = refusal.code;
    if (refusal) answer.error_message = std::move(refusal.message);
  }
  context.reply(response);
}

}  // namespace holdfast::broker
