#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/settings.h"
#include "broker/topic.h"

namespace holdfast::broker {

/// By Kafka's numbers in DescribeConfigs.
enum class ConfigType : int8_t {
  boolean = 1,
  string = 2,
  int32 = 3,
  int16 = 4,
  int64 = 5,
  real = 6,
  list = 7
};
enum class ConfigSource : int8_t {
  topic = 1,
  dynamic_broker = 2,
  static_broker = 4,
  default_value = 5
};

/// A setting that clients can read, under the name that Kafka's tools know.
struct ConfigKey {
  std::string_view name;
  ConfigType type;
  std::string_view default_value;
  std::string_view broker_name;  // of a topic's setting: the broker's setting for topics that have
                                 // none; may be empty
  std::string_view allowed;      // words with commas between them; empty: anything of the type
  int64_t least = INT64_MIN;     // of numbers
  std::string_view what;
  int64_t most = INT64_MAX;
  bool tunes_kafka = false;  // taken while the broker runs, and told again; means nothing here
};

/// Those of topics; all can be set.
std::span<const ConfigKey> topic_config_keys();
/// Those of the broker. What counts for topics that say nothing else can be changed while it runs
/// (`is_dynamic`), and so can what only tunes Kafka; the rest show what it was started with.
std::span<const ConfigKey> broker_config_keys();
bool is_dynamic(const ConfigKey& broker_key);
/// Null if there is none of the name.
const ConfigKey* find_config_key(std::span<const ConfigKey> keys, std::string_view name);

/// Whether the key may have the value. `invalid`, with why not.
Status judge_config(const ConfigKey& key, std::string_view value);

/// One value with its place of origin.
struct ConfigValue {
  std::string name;  // under which it was set
  std::string value;
  ConfigSource source = ConfigSource::default_value;
};
/// All values that a topic's or the broker's key has, the one that counts first.
std::vector<ConfigValue> topic_config_values(const ConfigKey& key, const Topic& topic,
                                             const ConfigMap& broker_config,
                                             const BrokerSettings& settings);
std::vector<ConfigValue> broker_config_values(const ConfigKey& key, const ConfigMap& broker_config,
                                              const BrokerSettings& settings);

/// What decides on the value of a topic's setting, the first that has it.
struct TopicConfigs {
  const ConfigMap& topic;
  const ConfigMap& broker;        // changed while it ran
  const ConfigMap& started_with;  // by the broker's names
};
/// All that the broker was started with, by name.
ConfigMap started_with(const BrokerSettings& settings);
/// The value of a setting of topics, by a name from their table; good as long as the maps are.
std::string_view topic_value(std::string_view name, const TopicConfigs& configs);
int64_t topic_number(std::string_view name, const TopicConfigs& configs);
double topic_ratio(std::string_view name, const TopicConfigs& configs);
/// What they mean for batches that are appended to the topic.
ProduceRules produce_rules(const TopicConfigs& configs);

}  // namespace holdfast::broker
