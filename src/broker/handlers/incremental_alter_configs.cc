#include "wire/messages/incremental_alter_configs.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <vector>

#include "broker/handlers/change_configs.h"
#include "broker/handlers/handlers.h"

namespace holdfast::broker {
namespace {

using Code = wire::ErrorCode;
using Change = wire::IncrementalAlterConfigsRequest::Resource::Config;
enum Operation : int8_t { set = 0, remove = 1, add_to_list = 2, take_from_list = 3 };

std::vector<std::string_view> words_of(std::string_view list) {
  std::vector<std::string_view> words;
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) words.push_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return words;
}

/// A list with the words of another added behind its own, or taken out.
std::string changed_list(std::string_view list, std::string_view changes, bool add) {
  std::vector<std::string_view> words = words_of(list);
  for (const std::string_view word : words_of(changes)) {
    if (!add) {
      std::erase(words, word);
    } else if (std::ranges::find(words, word) == words.end()) {
      words.push_back(word);
    }
  }
  return fmt::format("{}", fmt::join(words, ","));
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
                    changed_list(words, *change.value, change.config_operation == add_to_list));
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
