#include "broker/named_settings.h"

#include <algorithm>
#include <charconv>
#include <fmt/core.h>
#include <type_traits>

#include "broker/config.h"

namespace holdfast::broker {
namespace {

using coordinator::GroupSettings;

/// Where a setting is kept, as two functions, so that the table needs to know no member's type.
struct Place {
  std::string_view name;
  std::string (*read)(const BrokerSettings&);
  bool (*write)(BrokerSettings&, std::string_view);  // false: out of the range of its type
};

template <class T>
std::string text_of(T value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else {
    return std::to_string(value);
  }
}

template <class T>
bool read_text(std::string_view text, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    value = text == "true";
    return value || text == "false";
  } else if constexpr (std::is_same_v<T, std::string>) {
    value = text;
    return true;
  } else {
    T parsed{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
    if (error != std::errc() || end != text.data() + text.size()) return false;
    value = parsed;
    return true;
  }
}

template <auto Member>
constexpr Place of_broker(std::string_view name) {
  return {name, [](const BrokerSettings& settings) { return text_of(settings.*Member); },
          [](BrokerSettings& settings, std::string_view text) {
            return read_text(text, settings.*Member);
          }};
}

template <auto Member>
constexpr Place of_limits(std::string_view name) {
  return {name, [](const BrokerSettings& settings) { return text_of(settings.limits.*Member); },
          [](BrokerSettings& settings, std::string_view text) {
            return read_text(text, settings.limits.*Member);
          }};
}

template <auto Member>
constexpr Place of_groups(std::string_view name) {
  return {name, [](const BrokerSettings& settings) { return text_of(settings.groups.*Member); },
          [](BrokerSettings& settings, std::string_view text) {
            return read_text(text, settings.groups.*Member);
          }};
}

// Each name is also in the table of config.cc, which knows its type and its least value.
constexpr Place kPlaces[] = {
    of_broker<&BrokerSettings::auto_create_topics>("auto.create.topics.enable"),
    of_broker<&BrokerSettings::clamp_replication_factor>("holdfast.replication.factor.clamp"),
    of_broker<&BrokerSettings::default_partitions>("num.partitions"),
    of_broker<&BrokerSettings::node_id>("node.id"),
    of_broker<&BrokerSettings::recent_bytes_max>("holdfast.recent.bytes.max"),
    of_broker<&BrokerSettings::producer_id_expiration_ms>("producer.id.expiration.ms"),
    of_broker<&BrokerSettings::cleaner_backoff_ms>("log.cleaner.backoff.ms"),
    of_broker<&BrokerSettings::cleaner_bytes_per_second_max>("holdfast.cleaner.bytes.per.second"),
    of_broker<&BrokerSettings::cleaner_dedupe_bytes_max>("log.cleaner.dedupe.buffer.size"),
    of_broker<&BrokerSettings::cleaner_delete_retention_ms>("log.cleaner.delete.retention.ms"),
    of_broker<&BrokerSettings::cleaner_enabled>("log.cleaner.enable"),
    of_broker<&BrokerSettings::cleaner_lag_ms_max>("log.cleaner.max.compaction.lag.ms"),
    of_broker<&BrokerSettings::cleaner_lag_ms_min>("log.cleaner.min.compaction.lag.ms"),
    of_broker<&BrokerSettings::roll_ms>("log.roll.ms"),
    of_broker<&BrokerSettings::cleanup_policy>("log.cleanup.policy"),
    of_broker<&BrokerSettings::retention_bytes>("log.retention.bytes"),
    of_broker<&BrokerSettings::retention_check_interval_ms>("log.retention.check.interval.ms"),
    of_broker<&BrokerSettings::retention_ms>("log.retention.ms"),
    of_broker<&BrokerSettings::segment_bytes>("log.segment.bytes"),
    of_broker<&BrokerSettings::transaction_timeout_ms_max>("transaction.max.timeout.ms"),
    of_broker<&BrokerSettings::transactional_id_expiration_ms>("transactional.id.expiration.ms"),
    of_groups<&GroupSettings::initial_rebalance_delay_ms>("group.initial.rebalance.delay.ms"),
    of_groups<&GroupSettings::members_max>("group.max.size"),
    of_groups<&GroupSettings::offsets_retention_minutes>("offsets.retention.minutes"),
    of_groups<&GroupSettings::retention_check_ms>("offsets.retention.check.interval.ms"),
    of_groups<&GroupSettings::session_timeout_max_ms>("group.max.session.timeout.ms"),
    of_groups<&GroupSettings::session_timeout_min_ms>("group.min.session.timeout.ms"),
    of_limits<&BrokerLimits::connections_max>("max.connections"),
    of_limits<&BrokerLimits::connections_per_address_max>("max.connections.per.ip"),
    of_limits<&BrokerLimits::in_flight_requests_max>("holdfast.in.flight.requests.max"),
    of_limits<&BrokerLimits::requests_bytes_max>("queued.max.request.bytes"),
    of_limits<&BrokerLimits::unsent_bytes_max>("holdfast.unsent.bytes.max"),
    of_limits<&BrokerLimits::fetch_bytes_max>("fetch.max.bytes"),
    of_limits<&BrokerLimits::fetch_session_partitions_max>("holdfast.fetch.session.partitions.max"),
    of_limits<&BrokerLimits::fetch_sessions_max>("max.incremental.fetch.session.cache.slots"),
    of_limits<&BrokerLimits::idle_timeout_ms>("connections.max.idle.ms"),
    of_limits<&BrokerLimits::message_bytes_max>("message.max.bytes"),
    of_limits<&BrokerLimits::offset_metadata_bytes_max>("offset.metadata.max.bytes"),
    of_limits<&BrokerLimits::request_bytes_max>("socket.request.max.bytes"),
};

/// Names of Kafka's that say the same in another unit.
struct OtherUnit {
  std::string_view name;
  std::string_view in_ms;
  int64_t ms;
};
constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;
constexpr OtherUnit kOtherUnits[] = {
    {"log.retention.hours", "log.retention.ms", kHourMs},
    {"log.retention.minutes", "log.retention.ms", kMinuteMs},
    {"log.roll.hours", "log.roll.ms", kHourMs},
};

const Place* find_place(std::string_view name) {
  const auto* found = std::find_if(std::begin(kPlaces), std::end(kPlaces),
                                   [&](const Place& place) { return place.name == name; });
  return found == std::end(kPlaces) ? nullptr : found;
}

}  // namespace

std::string setting_by_name(const BrokerSettings& settings, std::string_view name) {
  const Place* place = find_place(name);
  return place == nullptr ? std::string() : place->read(settings);
}

Status set_by_name(BrokerSettings& settings, std::string_view name, std::string_view value) {
  for (const OtherUnit& unit : kOtherUnits) {
    if (unit.name != name) continue;
    int32_t count = 0;  // as in Kafka; -1 is for ever
    if (!read_text(value, count) || count < -1)
      return fail(ErrorCode::invalid,
                  fmt::format("{} = \"{}\": not a number from -1", name, value));
    return set_by_name(settings, unit.in_ms, std::to_string(count < 0 ? -1 : count * unit.ms));
  }
  const Place* place = find_place(name);
  const ConfigKey* key = find_config_key(broker_config_keys(), name);
  if (place == nullptr || key == nullptr)
    return fail(ErrorCode::invalid,
                fmt::format("the broker has no setting \"{}\" for its start", name));
  HOLDFAST_CHECKED(judge_config(*key, value));
  if (!place->write(settings, value))
    return fail(ErrorCode::invalid, fmt::format("{} = \"{}\": out of range", name, value));
  return {};
}

}  // namespace holdfast::broker
