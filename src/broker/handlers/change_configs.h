#pragma once

#include <functional>

#include "broker/config.h"
#include "broker/context.h"
#include "broker/handlers/common.h"

namespace holdfast::broker {

/// What AlterConfigs and IncrementalAlterConfigs have in common: finds the resource, lets `change`
/// alter its settings, and keeps the result if `validate_only` does not forbid it.
using ConfigChange = std::function<Refusal(std::span<const ConfigKey> keys, ConfigMap& config)>;
Refusal change_configs(Context& context, int8_t resource_type, std::string_view resource_name,
                       bool validate_only, const ConfigChange& change);

/// Sets one value if it may be set.
Refusal set_config(std::span<const ConfigKey> keys, ConfigMap& config, std::string_view name,
                   std::string_view value);

}  // namespace holdfast::broker
