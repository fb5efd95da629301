#include "wire/messages/incremental_alter_configs.h"

#include <fmt/core.h>
#include <set>

#include "broker/handlers/change_configs.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Change = wire::IncrementalAlterConfigsRequest::Resource::Config;
enum Operation : int8_t { set = 0, remove = 1, add_to_list = 2, take_from_list = 3 };

/// The words of a list with one added or taken out.
std::string with_word(std::string_view words, std::string_view word, bool wanted) {
  std::string result;
  const auto add = [&](std::string_view each) {
    if (each.empty()) return;
    if (!result.empty()) result += ',';
    result += each;
  };
  while (!words.empty()) {
    const size_t comma = std::min(words.find(','), words.size());
    if (words.substr(0, comma) != word) add(words.substr(0, comma));
    words.remove_prefix(std::min(comma + 1, words.size()));
  }
  if (wanted) add(word);
  return result;
}

Refusal apply(const Change& change, std::span<const ConfigKey> keys, ConfigMap& config) {
  if (change.config_operation == remove) {  // also what there never was
    if (const auto found = config.find(change.name); found != config.end()) config.erase(found);
    return {};
  }
  if (!change.value) return {Code::invalid_request, fmt::format("{} has no value", change.name)};
  if (change.config_operation == set) return set_config(keys, config, change.name, *change.value);
  if (change.config_operation != add_to_list && change.config_operation != take_from_list) {
    return {Code::invalid_request, "unknown operation"};
  }
  const ConfigKey* key = find_config_key(keys, change.name);
  if (!key || key->type != ConfigType::list)
    return {Code::invalid_config, fmt::format("{} is no list", change.name)};
  const auto found = config.find(change.name);
  const std::string_view words =
      found == config.end() ? key->default_value : std::string_view(found->second);
  return set_config(keys, config, change.name,
                    with_word(words, *change.value, change.config_operation == add_to_list));
}

}  // namespace

/// IncrementalAlterConfigs: sets, removes, and changes lists; all of a resource or nothing.
void handle(const wire::IncrementalAlterConfigsRequest& request, Context& context) {
  wire::IncrementalAlterConfigsResponse response;
  for (const auto& resource : request.resources) {
    auto& answer = response.responses.emplace_back();
    answer.resource_type = resource.resource_type;
    answer.resource_name = resource.resource_name;
    const auto change_all = [&](std::span<const ConfigKey> keys, ConfigMap& config) -> Refusal {
      std::set<std::string_view> names;
      for (const Change& change : resource.configs) {
        if (!names.insert(change.name).second)
          return {Code::invalid_request, fmt::format("{} is there twice", change.name)};
        if (Refusal refusal = apply(change, keys, config)) return refusal;
      }
      return {};
    };
    Refusal refusal = change_configs(context, resource.resource_type, resource.resource_name,
                                     request.validate_only, change_all);
    answer.error_code = refusal.code;
    if (refusal) answer.error_message = std::move(refusal.message);
  }
  context.reply(response);
}

}  // namespace holdfast::broker
