#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "broker/settings.h"

namespace holdfast::broker {

// The settings that a broker is started with, under the names that Kafka gives to them: one table
// serves the command line (`--set num.partitions=4`) and DescribeConfigs. Pure functions; any
// thread.

/// The value that the broker was started with; empty when nothing of this name can be set at the
/// start.
std::string setting_by_name(const BrokerSettings& settings, std::string_view name);

/// `invalid` for a name that cannot be set at the start, or a value that it cannot have.
Status set_by_name(BrokerSettings& settings, std::string_view name, std::string_view value);

}  // namespace holdfast::broker
