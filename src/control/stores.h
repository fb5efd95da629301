#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/kinds.h"
#include "kafka/settings.h"
#include "notify/notifier.h"
#include "pipeline/queued_failures.h"
#include "settings/config.h"
#include "sink/api/sink.h"
#include "transform/transform.h"

namespace holdfast::control {

/// The Kafka that keeps what a data center misses, and the topic there.
struct FailurePlace {
  kafka::ClientSettings client;
  std::string topic;
};
FailurePlace failure_place(const settings::Config& config, const kafka::ClientSettings& own,
                           const settings::Datacenter& missing);

/// A store that is open, with the failure logs that it writes, if it stands in several data
/// centers.
struct OpenStore {
  std::vector<std::unique_ptr<pipeline::QueuedFailures>> failures;  // outlive the sink
  std::unique_ptr<sink::Sink> sink;
};
/// `on_open`: told when the breaker of (store, data center) opens.
struct StoreOptions {
  std::function<void(const std::string& store, const std::string& datacenter,
                     const std::string& why)>
      on_open = {};
  /// Takes failure records while the Kafka that shall keep them is away. Null: they wait for it.
  pipeline::FailureSpool* spool = nullptr;
};
Result<OpenStore> open_store(const settings::Config& config, const kafka::ClientSettings& own,
                             const settings::Pipeline& pipeline, const settings::Sink& sink,
                             const event::Schema& schema, const Kinds& kinds,
                             const StoreOptions& options);

/// The folder of the failure records that wait for a Kafka.
std::string failure_spool_folder(const settings::Config& config);

/// The stores of a sink, one for each data center; of any other sink itself.
struct SingleStore {
  std::string datacenter;  // empty: none
  settings::Sink sink;
};
std::vector<SingleStore> single_stores(const settings::Sink& sink);

transform::Settings transform_settings(const std::optional<settings::Transform>& transform);
notify::Settings notify_settings(const settings::Notify& notify);

}  // namespace holdfast::control
