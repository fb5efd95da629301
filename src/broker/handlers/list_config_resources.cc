#include "wire/messages/list_config_resources.h"

#include <algorithm>

#include "broker/context.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

constexpr int8_t kTopic = 2, kBroker = 4, kBrokerLogger = 8, kClientMetrics = 16, kGroup = 32;

}  // namespace

/// ListConfigResources: topics and this broker. Client metrics and groups have no settings here.
void handle(const wire::ListConfigResourcesRequest& request, Context& context) {
  wire::ListConfigResourcesResponse response;
  std::vector<int8_t> types = request.resource_types;
  if (context.version() == 0) types = {kClientMetrics};
  if (types.empty()) types = {kTopic, kBroker, kBrokerLogger, kClientMetrics, kGroup};
  const auto wanted = [&](int8_t type) {
    return std::find(types.begin(), types.end(), type) != types.end();
  };
  const auto known = [](int8_t type) {
    return type == kTopic || type == kBroker || type == kBrokerLogger || type == kClientMetrics ||
           type == kGroup;
  };
  if (!std::all_of(types.begin(), types.end(), known)) {
    response.error_code = wire::ErrorCode::unsupported_version;
    return context.reply(response);
  }
  const std::string broker = std::to_string(context.settings().node_id);
  if (wanted(kBroker)) response.config_resources.push_back({broker, kBroker});
  if (wanted(kBrokerLogger)) response.config_resources.push_back({broker, kBrokerLogger});
  if (wanted(kTopic)) {
    for (const auto& [name, topic] : context.state().topics())
      response.config_resources.push_back({name, kTopic});
  }
  context.reply(response);
}

}  // namespace holdfast::broker
