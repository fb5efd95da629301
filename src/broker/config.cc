#include "broker/config.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>

#include "base/check.h"
#include "broker/named_settings.h"

namespace holdfast::broker {
namespace {

using enum ConfigType;

constexpr std::string_view kForever = "9223372036854775807";

constexpr std::string_view kCodecs = "uncompressed,zstd,lz4,snappy,gzip,producer";

// Settings that tune how Kafka keeps its files are taken and told again, since tools set them, but
// mean nothing here: one log holds all partitions.
constexpr ConfigKey kTopicKeys[] = {
    {"cleanup.policy", list, "delete", "log.cleanup.policy", "delete,compact", INT64_MIN,
     "delete: by age and size; compact: by key, which every record then needs"},
    {"compression.gzip.level", int32, "-1", "compression.gzip.level", "", -1,
     "where compression.type is gzip; -1: its default", 9},
    {"compression.lz4.level", int32, "9", "compression.lz4.level", "", 1,
     "where compression.type is lz4", 17},
    {"compression.type", string, "producer", "compression.type", kCodecs, INT64_MIN,
     "producer: batches are kept as they come; else those in another codec are repacked"},
    {"compression.zstd.level", int32, "3", "compression.zstd.level", "", -131072,
     "where compression.type is zstd", 22},
    {"delete.retention.ms", int64, "86400000", "log.cleaner.delete.retention.ms", "", 0,
     "how long tombstones are kept"},
    {"file.delete.delay.ms", int64, "60000", "", "", 0, "means nothing here"},
    {"follower.replication.throttled.replicas", list, "", "", "", INT64_MIN,
     "there is one replica"},
    {"flush.messages", int64, "1", "log.flush.interval.messages", "", 1,
     "every record is on disk before it is acknowledged"},
    {"flush.ms", int64, kForever, "", "", 0, "means nothing here"},
    {"index.interval.bytes", int32, "4096", "", "", 0, "means nothing here"},
    {"leader.replication.throttled.replicas", list, "", "", "", INT64_MIN, "there is one replica"},
    {"local.retention.bytes", int64, "-2", "", "", -2, "nothing is tiered"},
    {"local.retention.ms", int64, "-2", "", "", -2, "nothing is tiered"},
    {"max.compaction.lag.ms", int64, kForever, "log.cleaner.max.compaction.lag.ms", "", 1,
     "when a record must have been compacted"},
    {"max.message.bytes", int32, "1048588", "message.max.bytes", "", 0, "the largest batch"},
    {"message.timestamp.after.max.ms", int64, "3600000", "log.message.timestamp.after.max.ms", "",
     0, "a record from further in the future is refused"},
    {"message.timestamp.before.max.ms", int64, kForever, "log.message.timestamp.before.max.ms", "",
     0, "an older record is refused"},
    {"message.timestamp.type", string, "CreateTime", "log.message.timestamp.type",
     "CreateTime,LogAppendTime", INT64_MIN, "whose clock stamps the records"},
    {"min.cleanable.dirty.ratio", real, "0.5", "log.cleaner.min.cleanable.ratio", "", 0,
     "compact when so large a part was not yet", 1},
    {"min.compaction.lag.ms", int64, "0", "log.cleaner.min.compaction.lag.ms", "", 0,
     "when a record may be compacted"},
    {"min.insync.replicas", int32, "1", "min.insync.replicas", "", 1, "there is one replica"},
    {"preallocate", boolean, "false", "", "", INT64_MIN, "means nothing here"},
    {"remote.log.copy.disable", boolean, "false", "", "", INT64_MIN, "nothing is tiered"},
    {"remote.log.delete.on.disable", boolean, "false", "", "", INT64_MIN, "nothing is tiered"},
    {"remote.storage.enable", boolean, "false", "", "false", INT64_MIN, "nothing is tiered"},
    {"retention.bytes", int64, "-1", "log.retention.bytes", "", -1,
     "of each partition, so much is kept; -1: no bound"},
    {"retention.ms", int64, "604800000", "log.retention.ms", "", -1,
     "records are kept for so long; -1: for ever"},
    {"segment.bytes", int32, "67108864", "log.segment.bytes", "", 14, "means nothing here"},
    {"segment.index.bytes", int32, "10485760", "", "", 4, "means nothing here"},
    {"segment.jitter.ms", int64, "0", "", "", 0, "means nothing here"},
    {"segment.ms", int64, "604800000", "log.roll.ms", "", 1,
     "older records of a compacted topic are compacted without waiting for more"},
    {"unclean.leader.election.enable", boolean, "false", "", "", INT64_MIN, "there is one replica"},
};

// Tools set these of Kafka's while it runs: threads, throttles, its cleaner's files, Kerberos.
constexpr ConfigKey tuning(std::string_view name, ConfigType type, std::string_view value,
                           int64_t least = INT64_MIN) {
  return {name, type, value, "", "", least, "means nothing here", INT64_MAX, true};
}

constexpr ConfigKey kBrokerKeys[] = {
    tuning("background.threads", int32, "10", 1),
    tuning("follower.replication.throttled.rate", int64, kForever, 0),
    tuning("leader.replication.throttled.rate", int64, kForever, 0),
    tuning("log.cleaner.io.buffer.load.factor", real, "0.9", 0),
    tuning("log.cleaner.io.buffer.size", int32, "524288", 0),
    tuning("log.cleaner.io.max.bytes.per.second", real, "1.7976931348623157E308", 0),
    tuning("log.cleaner.threads", int32, "1", 0),
    tuning("max.connection.creation.rate", int32, "2147483647", 0),
    tuning("max.connections.per.ip.overrides", string, ""),
    tuning("num.io.threads", int32, "8", 1),
    tuning("num.network.threads", int32, "3", 1),
    tuning("num.recovery.threads.per.data.dir", int32, "2", 1),
    tuning("num.replica.fetchers", int32, "1", 0),
    tuning("replica.alter.log.dirs.io.max.bytes.per.second", int64, kForever, 0),
    tuning("sasl.kerberos.min.time.before.relogin", int64, "60000"),
    tuning("sasl.kerberos.ticket.renew.jitter", real, "0.05"),
    tuning("sasl.kerberos.ticket.renew.window.factor", real, "0.8"),
    tuning("sasl.login.refresh.buffer.seconds", int16, "300"),
    tuning("transaction.partition.verification.enable", boolean, "true"),
    tuning("unclean.leader.election.enable", boolean, "false"),
    {"auto.create.topics.enable", boolean, "true", "", "", INT64_MIN,
     "create topics that are asked for"},
    {"compression.gzip.level", int32, "-1", "", "", -1, "of topics that say nothing else", 9},
    {"compression.lz4.level", int32, "9", "", "", 1, "of topics that say nothing else", 17},
    {"compression.type", string, "producer", "", kCodecs, INT64_MIN,
     "of topics that say nothing else"},
    {"compression.zstd.level", int32, "3", "", "", -131072, "of topics that say nothing else", 22},
    {"connections.max.idle.ms", int64, "600000", "", "", 0,
     "idle connections are closed after this"},
    {"default.replication.factor", int32, "1", "", "", 1, "there is one replica"},
    {"delete.topic.enable", boolean, "true", "", "", INT64_MIN, "topics can be deleted"},
    {"fetch.max.bytes", int32, "57671680", "", "", 0, "the largest answer to a fetch"},
    {"group.initial.rebalance.delay.ms", int32, "100", "", "", 0,
     "how long the first member of a group waits for others"},
    {"group.max.session.timeout.ms", int32, "1800000", "", "", 1,
     "the longest session of a member"},
    {"group.max.size", int32, "10000", "", "", 1, "members of a group; more are refused"},
    {"group.min.session.timeout.ms", int32, "6000", "", "", 1, "the shortest session of a member"},
    {"holdfast.in.flight.requests.max", int32, "1000", "", "", 1,
     "unanswered requests of one connection; above it reading waits"},
    {"holdfast.unsent.bytes.max", int64, "134217728", "", "", 1,
     "answers queued for one slow reader; above it reading waits"},
    {"holdfast.recent.bytes.max", int64, "67108864", "", "", 0,
     "memory for what was produced last; who is further behind reads from the disk"},
    {"holdfast.replication.factor.clamp", boolean, "true", "", "", INT64_MIN,
     "a wish for more replicas is granted one; otherwise refused"},
    {"holdfast.cleaner.bytes.per.second", int64, "0", "", "", 0,
     "what the log's cleaner may read and write; 0: no bound"},
    {"log.cleaner.backoff.ms", int64, "15000", "", "", 1,
     "how often is looked for what can be compacted"},
    {"log.cleaner.dedupe.buffer.size", int64, "134217728", "", "", 1 << 20,
     "memory for keys while a partition is compacted"},
    {"log.cleaner.delete.retention.ms", int64, "86400000", "", "", 0,
     "of topics that say nothing else"},
    {"log.cleaner.enable", boolean, "true", "", "", INT64_MIN, "the log's cleaner runs"},
    {"log.cleaner.max.compaction.lag.ms", int64, kForever, "", "", 1,
     "of topics that say nothing else"},
    {"log.cleaner.min.cleanable.ratio", real, "0.5", "", "", 0, "of topics that say nothing else",
     1},
    {"log.cleaner.min.compaction.lag.ms", int64, "0", "", "", 0, "of topics that say nothing else"},
    {"log.cleanup.policy", list, "delete", "", "delete,compact", INT64_MIN,
     "of topics that say nothing else"},
    {"log.flush.interval.messages", int64, "1", "", "", 1,
     "every record is on disk before it is acknowledged"},
    {"log.message.timestamp.after.max.ms", int64, "3600000", "", "", 0,
     "of topics that say nothing else"},
    {"log.message.timestamp.before.max.ms", int64, kForever, "", "", 0,
     "of topics that say nothing else"},
    {"log.message.timestamp.type", string, "CreateTime", "", "", INT64_MIN,
     "of topics that say nothing else"},
    {"log.retention.bytes", int64, "-1", "", "", -1, "of topics that say nothing else"},
    {"log.retention.check.interval.ms", int64, "300000", "", "", 1,
     "how often is looked for what is too old"},
    {"log.retention.ms", int64, "604800000", "", "", -1, "of topics that say nothing else"},
    {"log.segment.bytes", int32, "67108864", "", "", 14, "size of the log's files"},
    {"holdfast.fetch.session.partitions.max", int32, "1000000", "", "", 0,
     "remembered by all fetch sessions together"},
    {"max.incremental.fetch.session.cache.slots", int32, "1000", "", "", 0,
     "fetch sessions; 0: none"},
    {"log.roll.ms", int64, "604800000", "", "", 1, "of topics that say nothing else"},
    {"max.connections", int32, "20000", "", "", 0, "more are refused"},
    {"max.connections.per.ip", int32, "2147483647", "", "", 0, "more from one address are refused"},
    {"message.max.bytes", int32, "1048588", "", "", 0,
     "the largest batch, of topics that say nothing else"},
    {"min.insync.replicas", int32, "1", "", "", 1, "there is one replica"},
    {"node.id", int32, "1", "", "", 0, "of this broker"},
    {"num.partitions", int32, "1", "", "", 1, "of topics that are created without saying"},
    {"offset.metadata.max.bytes", int32, "4096", "", "", 0,
     "what a client may store beside an offset"},
    {"offsets.retention.check.interval.ms", int64, "600000", "", "", 1,
     "how often old offsets are looked for"},
    {"offsets.retention.minutes", int32, "10080", "", "", 1,
     "offsets of a group are kept so long after its last member has left"},
    {"producer.id.expiration.ms", int32, "86400000", "", "", 1,
     "idle producers are forgotten after this"},
    {"queued.max.request.bytes", int64, "536870912", "", "", 1,
     "memory for requests of which a part has come; above it reading waits"},
    {"socket.request.max.bytes", int32, "104857600", "", "", 1, "the largest request"},
    {"transaction.max.timeout.ms", int32, "900000", "", "", 1,
     "the longest transaction that a producer may ask for"},
    {"transactional.id.expiration.ms", int64, "604800000", "", "", 1,
     "idle transactional ids are forgotten after this"},
};

bool is_word_of(std::string_view word, std::string_view words) {
  while (!words.empty()) {
    const size_t comma = std::min(words.find(','), words.size());
    if (words.substr(0, comma) == word) return true;
    words.remove_prefix(std::min(comma + 1, words.size()));
  }
  return false;
}

bool all_allowed(std::string_view value, std::string_view allowed) {
  while (true) {
    const size_t comma = std::min(value.find(','), value.size());
    if (!is_word_of(value.substr(0, comma), allowed)) return false;
    if (comma == value.size()) return true;
    value.remove_prefix(comma + 1);
  }
}

template <class T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> as_number(ConfigType type, std::string_view value) {
  switch (type) {
    case int16:
      return parse<int16_t>(value);
    case int32:
      return parse<int32_t>(value);
    case int64:
      return parse<int64_t>(value);
    default:
      return parse<double>(value);
  }
}

}  // namespace

std::span<const ConfigKey> topic_config_keys() {
  return kTopicKeys;
}
std::span<const ConfigKey> broker_config_keys() {
  return kBrokerKeys;
}
bool is_dynamic(const ConfigKey& broker_key) {
  // As in Kafka: whatever counts for topics that say nothing else.
  return broker_key.tunes_kafka ||
         std::any_of(std::begin(kTopicKeys), std::end(kTopicKeys),
                     [&](const ConfigKey& key) { return key.broker_name == broker_key.name; });
}

const ConfigKey* find_config_key(std::span<const ConfigKey> keys, std::string_view name) {
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [&](const ConfigKey& key) { return key.name == name; });
  return found == keys.end() ? nullptr : &*found;
}

Status judge_config(const ConfigKey& key, std::string_view value) {
  const auto wrong = [&](std::string_view wanted) {
    return fail(ErrorCode::invalid,
                fmt::format("{} = \"{}\": must be {}", key.name, value, wanted));
  };
  if (key.type == boolean && value != "true" && value != "false") return wrong("true or false");
  if (key.type == boolean && !key.allowed.empty() && value != key.allowed)
    return wrong(key.allowed);
  if (key.type == string && !key.allowed.empty() && !is_word_of(value, key.allowed))
    return wrong(fmt::format("one of {}", key.allowed));
  if (key.type == list && !key.allowed.empty() && !all_allowed(value, key.allowed))
    return wrong(fmt::format("of {}", key.allowed));
  if (key.type == boolean || key.type == string || key.type == list) return {};
  const auto number = as_number(key.type, value);
  if (!number) return wrong("a number");
  if (*number < static_cast<double>(key.least)) return wrong(fmt::format("at least {}", key.least));
  if (*number > static_cast<double>(key.most)) return wrong(fmt::format("at most {}", key.most));
  return {};
}

std::vector<ConfigValue> broker_config_values(const ConfigKey& key, const ConfigMap& broker_config,
                                              const BrokerSettings& settings) {
  std::vector<ConfigValue> values;
  if (const auto found = broker_config.find(key.name); found != broker_config.end()) {
    values.push_back({found->first, found->second, ConfigSource::dynamic_broker});
  }
  std::string started_with = setting_by_name(settings, key.name);
  if (!started_with.empty() && started_with != key.default_value) {
    values.push_back({std::string(key.name), std::move(started_with), ConfigSource::static_broker});
  }
  values.push_back(
      {std::string(key.name), std::string(key.default_value), ConfigSource::default_value});
  return values;
}

ConfigMap started_with(const BrokerSettings& settings) {
  ConfigMap values;
  for (const ConfigKey& key : kBrokerKeys) {
    std::string value = setting_by_name(settings, key.name);
    if (!value.empty()) values[std::string(key.name)] = std::move(value);
  }
  return values;
}

std::string_view topic_value(std::string_view name, const TopicConfigs& configs) {
  const ConfigKey* key = find_config_key(kTopicKeys, name);
  HOLDFAST_CHECK(key != nullptr);
  if (const auto found = configs.topic.find(name); found != configs.topic.end())
    return found->second;
  for (const ConfigMap* map : {&configs.broker, &configs.started_with}) {
    if (const auto found = map->find(key->broker_name); found != map->end()) return found->second;
  }
  return key->default_value;
}

int64_t topic_number(std::string_view name, const TopicConfigs& configs) {
  const ConfigKey* key = find_config_key(kTopicKeys, name);
  const auto number = parse<int64_t>(topic_value(name, configs));
  return number ? *number : parse<int64_t>(key->default_value).value_or(0);
}

double topic_ratio(std::string_view name, const TopicConfigs& configs) {
  return parse<double>(topic_value(name, configs)).value_or(1.0);
}

ProduceRules produce_rules(const TopicConfigs& configs) {
  ProduceRules rules{.codec = {},
                     .compression_level = 0,
                     .before_now_ms_max = topic_number("message.timestamp.before.max.ms", configs),
                     .after_now_ms_max = topic_number("message.timestamp.after.max.ms", configs)};
  const std::string_view type = topic_value("compression.type", configs);
  if (type == "producer") return rules;
  const auto codec = record::codec_by_name(type == "uncompressed" ? "none" : type);
  if (!codec) return rules;
  rules.codec = *codec;
  if (*codec == record::Codec::none || *codec == record::Codec::snappy) return rules;
  const int64_t level = topic_number(fmt::format("compression.{}.level", type), configs);
  rules.compression_level = level == -1 ? 0 : static_cast<int>(level);
  return rules;
}

std::vector<ConfigValue> topic_config_values(const ConfigKey& key, const Topic& topic,
                                             const ConfigMap& broker_config,
                                             const BrokerSettings& settings) {
  std::vector<ConfigValue> values;
  if (const auto found = topic.config.find(key.name); found != topic.config.end()) {
    values.push_back({found->first, found->second, ConfigSource::topic});
  }
  if (const ConfigKey* broker_key = find_config_key(kBrokerKeys, key.broker_name)) {
    for (ConfigValue& value : broker_config_values(*broker_key, broker_config, settings))
      values.push_back(std::move(value));
  } else {
    values.push_back(
        {std::string(key.name), std::string(key.default_value), ConfigSource::default_value});
  }
  return values;
}

}  // namespace holdfast::broker
