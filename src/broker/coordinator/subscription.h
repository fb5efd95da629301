#pragma once

#include <optional>
#include <string_view>

namespace holdfast::broker::coordinator {

/// The one protocol type whose metadata the broker looks into, as Kafka's does.
inline constexpr std::string_view consumer_protocol_type = "consumer";

/// Whether a consumer's subscription (what its JoinGroup carries as metadata) names the topic.
/// Nothing when the bytes cannot be read as one.
std::optional<bool> subscription_names(std::string_view metadata, std::string_view topic);

}  // namespace holdfast::broker::coordinator
