#include "control/stores.h"

#include <algorithm>

#include "sink/replicated/replicated_sink.h"

namespace holdfast::control {
namespace {

/// A name for what a store of a pipeline misses, as the spool takes it: short, and without a slash.
std::string spooled_name(const std::string& pipeline, const SingleStore& store) {
  std::string name = pipeline + " " + store.datacenter + " " + store_name(store.sink);
  std::ranges::replace(name, '/', '|');
  constexpr size_t bytes_max = 200;
  const auto is_inside_character = [](char byte) { return (byte & 0xc0) == 0x80; };
  if (name.size() > bytes_max) {
    size_t end = bytes_max;
    while (is_inside_character(name[end])) --end;
    name.resize(end);
  }
  return name;
}

}  // namespace

FailurePlace failure_place(const settings::Config& config, const kafka::ClientSettings& own,
                           const settings::Datacenter& missing) {
  FailurePlace place{own, settings::Config::failure_topic(missing)};
  const settings::Datacenter& keeper = config.keeper(missing);
  if (!keeper.bootstrap_servers.empty()) place.client.bootstrap_servers = keeper.bootstrap_servers;
  return place;
}

std::string failure_spool_folder(const settings::Config& config) {
  return config.spool.path + "-failures";
}

std::vector<SingleStore> single_stores(const settings::Sink& sink) {
  if (!sink.replicated) return {{"", sink}};
  std::vector<SingleStore> stores;
  for (const auto& store : sink.replicated->stores)
    stores.push_back({store.datacenter, as_sink(*sink.replicated, store)});
  return stores;
}

Result<OpenStore> open_store(const settings::Config& config, const kafka::ClientSettings& own,
                             const settings::Pipeline& pipeline, const settings::Sink& sink,
                             const event::Schema& schema, const Kinds& kinds,
                             const StoreOptions& options) {
  OpenStore store;
  if (!sink.replicated) {
    store.sink = HOLDFAST_TRY(kinds.open_sink(pipeline, sink, schema));
    return store;
  }
  std::vector<sink::Replica> replicas;
  for (const SingleStore& one : single_stores(sink)) {
    const settings::Datacenter* datacenter = config.datacenter(one.datacenter);
    if (datacenter == nullptr)
      return fail(ErrorCode::invalid, "there is no data center " + one.datacenter);
    FailurePlace place = failure_place(config, own, *datacenter);
    store.failures.push_back(std::make_unique<pipeline::QueuedFailures>(
        pipeline.name, std::move(place.client), std::move(place.topic), options.spool,
        spooled_name(pipeline.name, one)));
    HOLDFAST_CHECKED(store.failures.back()->start());
    replicas.push_back({.datacenter = one.datacenter,
                        .store = store_name(one.sink),
                        .tables = table_name(one.sink),
                        .open = [&kinds, pipeline, sink_of = one.sink,
                                 schema] { return kinds.open_sink(pipeline, sink_of, schema); },
                        .failures = store.failures.back().get()});
  }
  sink::ReplicatedSettings settings{.pipeline = pipeline.name};
  if (sink.replicated->one_cluster)
    settings.open_together = [&kinds, pipeline, all = all_of_cluster(*sink.replicated), schema] {
      return kinds.open_sink(pipeline, all, schema);
    };
  if (options.on_open)
    settings.on_open = [on_open = options.on_open](const sink::Replica& replica,
                                                   const std::string& why) {
      on_open(replica.store, replica.datacenter, why);
    };
  store.sink = HOLDFAST_TRY(sink::ReplicatedSink::open(std::move(replicas), settings));
  return store;
}

transform::Settings transform_settings(const std::optional<settings::Transform>& transform) {
  if (!transform) return {};
  return {.sql = transform->sql, .columns = transform->columns, .tables = transform->tables};
}

notify::Settings notify_settings(const settings::Notify& notify) {
  notify::Settings made;
  if (notify.slack) {
    made.slack_token = notify.slack->token;
    made.slack_channel = notify.slack->channel;
    made.slack_webhook = notify.slack->webhook;
    made.slack_url = notify.slack->url;
  }
  for (const auto& webhook : notify.webhooks)
    made.webhooks.push_back({webhook.url, webhook.headers});
  for (const auto subject :
       {notify::Subject::repaired, notify::Subject::nothing, notify::Subject::failed,
        notify::Subject::rejected, notify::Subject::breaker_opened}) {
    const auto text = notify.texts.find(notify::name(subject));
    if (text != notify.texts.end()) made.texts[subject] = text->second;
  }
  made.timeout_ms = notify.timeout_ms;
  made.alarm_every_ms = notify.alarm_every_ms;
  return made;
}

}  // namespace holdfast::control
