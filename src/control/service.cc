#include "control/service.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <mutex>
#include <thread>

#include "base/log_line.h"
#include "base/os/clock.h"
#include "control/kafka_access.h"
#include "control/stores.h"
#include "pipeline/capture.h"
#include "pipeline/deliver.h"

namespace holdfast::control {
namespace {

/// What tells people that a breaker has opened.
auto alarm_of(notify::Notifier& notifier, const std::string& pipeline) {
  return [&notifier, pipeline](const std::string& store, const std::string& datacenter,
                               const std::string& why) {
    notifier.post(
        {notify::Subject::breaker_opened,
         {{"pipeline", pipeline}, {"store", store}, {"datacenter", datacenter}, {"why", why}}});
  };
}

/// One pipeline into one store, on a thread of its own.
class Delivery {
 public:
  static Result<std::unique_ptr<Delivery>> start(const kafka::ClientSettings& client,
                                                 const settings::Config& config,
                                                 const settings::Pipeline& pipeline,
                                                 const settings::Sink& sink, const Kinds& kinds,
                                                 notify::Notifier& notifier,
                                                 pipeline::FailureSpool& spool, bool once) {
    auto transform = HOLDFAST_TRY(
        in_pipeline(pipeline, transform::Transform::open(transform_settings(pipeline.transform))));
    OpenStore store = HOLDFAST_TRY(
        in_pipeline(pipeline, open_store(config, client, pipeline, sink, transform->schema(), kinds,
                                         {alarm_of(notifier, pipeline.name), &spool})));
    pipeline::DeliverSettings settings;
    settings.name = pipeline.name;
    settings.kafka = client;
    settings.topics = pipeline.from;
    settings.failure_topic = config.failure_topic(pipeline);
    settings.store = store_name(sink);
    settings.batch_events_max = static_cast<size_t>(pipeline.batch.events);
    settings.batch_bytes_max = pipeline.batch.bytes;
    settings.batch_wait_ms = pipeline.batch.wait_ms;
    settings.once = once;
    std::unique_ptr<Delivery> made(new Delivery);
    made->name_ = pipeline.name;
    made->store_ = settings.store;
    made->failures_ = std::move(store.failures);
    settings.on_rejected = [&notifier, name = pipeline.name](uint64_t count,
                                                             const std::string& why) {
      notifier.post({notify::Subject::rejected,
                     {{"pipeline", name}, {"count", std::to_string(count)}, {"why", why}}});
    };
    made->deliver_ = HOLDFAST_TRY(in_pipeline(
        pipeline, pipeline::Deliver::open(settings, std::move(transform), std::move(store.sink))));
    made->thread_ = std::thread([delivery = made.get()] { delivery->run(); });
    return made;
  }
  ~Delivery() { static_cast<void>(stop()); }

  /// From now on to the end of what the topics hold.
  void finish() { deliver_->finish(); }

  Status stop() {
    deliver_->stop();
    for (const auto& failures : failures_) failures->stop();
    if (thread_.joinable()) thread_.join();
    for (const auto& failures : failures_)
      if (const int64_t batches = failures->spooled(); batches > 0)
        log_warning(
            "pipeline",
            "{}: {} batches of failure records wait in the spool; the next start sends them", name_,
            batches);
    return ended_;
  }

  bool over() const { return over_.load(); }

  ServiceProgress::Pipeline progress() const {
    const pipeline::DeliverProgress now = deliver_->progress();
    ServiceProgress::Pipeline result{
        .name = name_, .store = store_, .state = pipeline::name(now.state), .message = now.message};
    for (const auto& partition : now.partitions) {
      result.delivered += partition.next_offset;
      if (!partition.failure.empty()) result.message = partition.failure;
    }
    result.lag = now.lag();
    result.superseded = now.superseded;
    result.filtered = now.filtered;
    result.rejected = now.rejected;
    result.done = now.state == pipeline::DeliverProgress::State::ended;
    return result;
  }

 private:
  Delivery() = default;

  template <class T>
  static Result<T> in_pipeline(const settings::Pipeline& pipeline, Result<T> result) {
    if (result) return result;
    return fail(result.error().code,
                fmt::format("pipeline {}: {}", pipeline.name, result.error().message));
  }

  void run() {
    ended_ = deliver_->run();
    if (!ended_)
      log_error("pipeline", "{} -> {} has stopped: {}", name_, store_, ended_.error().message);
    over_ = true;
  }

  std::string name_, store_;
  std::vector<std::unique_ptr<pipeline::QueuedFailures>> failures_;  // outlive `deliver_`
  std::unique_ptr<pipeline::Deliver> deliver_;
  Status ended_;  // written before `over_`, read after it or after the join
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

/// Watches the embedded broker, so that its end does not pass unseen.
class BrokerWatch {
 public:
  explicit BrokerWatch(RunningBroker& broker) : broker_(broker), thread_([this] { watch(); }) {}
  ~BrokerWatch() { static_cast<void>(stop()); }

  bool over() const { return over_.load(); }
  Status stop() {
    if (!thread_.joinable()) return ended_;
    const Status stopped = broker_.stop();
    thread_.join();
    return ended_ ? stopped : ended_;
  }

 private:
  void watch() {
    ended_ = broker_.wait();
    if (!ended_) log_error("broker", "has stopped: {}", ended_.error().message);
    over_ = true;
  }

  RunningBroker& broker_;
  Status ended_;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

class RunningService final : public Service {
 public:
  RunningService(const settings::Config& config, const Kinds& kinds, const ServiceOptions& options)
      : config_(config), kinds_(kinds), options_(options) {}
  ~RunningService() override { static_cast<void>(stop()); }

  Status start() {
    access_.emplace(HOLDFAST_TRY(KafkaAccess::open(config_.kafka, KafkaAccess::Purpose::serve)));
    if (access_->broker() != nullptr) watch_ = std::make_unique<BrokerWatch>(*access_->broker());
    const bool sources = options_.sources && !config_.sources.empty();
    if (options_.pipelines) {
      // With sources in the same process, the topics have no end before the sources have theirs:
      // `over` tells them then.
      const bool once = options_.once && !sources;
      for (const auto& pipeline : config_.pipelines) {
        for (const auto& sink : pipeline.to) {
          deliveries_.push_back(
              HOLDFAST_TRY(Delivery::start(access_->client(), config_, pipeline, sink, kinds_,
                                           notifier_, failure_spool_, once)));
        }
      }
    }
    // Last, so that nothing is captured by a configuration whose SQL or store is wrong.
    if (sources) HOLDFAST_CHECKED(start_capture());
    return {};
  }

  ServiceProgress progress() const override {
    ServiceProgress result;
    if (access_ && access_->broker() != nullptr) result.broker = access_->broker()->address();
    if (capture_ != nullptr) add_capture(result);
    for (const auto& delivery : deliveries_) result.pipelines.push_back(delivery->progress());
    return result;
  }

  bool over() const override {
    if (watch_ != nullptr && watch_->over()) return true;
    const bool captured = capture_ == nullptr || capture_over();
    if (options_.once && captured && capture_ != nullptr && !finishing_.exchange(true)) {
      for (const auto& delivery : deliveries_) delivery->finish();
    }
    const bool delivered = std::all_of(deliveries_.begin(), deliveries_.end(),
                                       [](const auto& d) { return d->over(); });
    if (options_.once) return captured && delivered;
    return delivered && (capture_ == nullptr || (captured && all_sources_failed()));
  }

  Status stop() override {
    Status first;
    const auto keep = [&](const Status& status) {
      if (first && !status) first = status;
    };
    if (capture_ != nullptr) {
      for (const auto& source : capture_->progress().sources) {
        if (source.state == pipeline::CaptureState::failed && source.trouble)
          keep(std::unexpected(*source.trouble));
      }
      capture_->stop();
      capture_.reset();
    }
    for (const auto& delivery : deliveries_) keep(delivery->stop());
    deliveries_.clear();
    if (watch_ != nullptr) keep(watch_->stop());
    watch_.reset();
    access_.reset();
    return first;
  }

 private:
  Status start_capture() {
    pipeline::CaptureSettings settings;
    settings.spool = {.folder = config_.spool.path, .bytes_max = config_.spool.bytes_max};
    settings.ship.client = access_->client();
    settings.ship.failures_topic = config_.failures.topic;
    std::vector<pipeline::CaptureSource> sources;
    for (settings::Source source : config_.sources) {
      if (options_.once && source.file) source.file->mode = settings::FileMode::once;
      sources.push_back({source.name, HOLDFAST_TRY(kinds_.make_source(source)), source.topic,
                         static_cast<int32_t>(source.partitions)});
    }
    capture_ = HOLDFAST_TRY(pipeline::Capture::start(os::real_files(), os::real_clock(),
                                                     std::move(settings), std::move(sources)));
    return {};
  }

  static bool all_shipped(const pipeline::SourceProgress& source) {
    return source.shipped >= source.captured && source.rejected_shipped >= source.rejected;
  }

  /// Every source has ended or failed, and all that was captured is in Kafka.
  bool capture_over() const {
    const pipeline::CaptureProgress now = capture_->progress();
    return std::all_of(
        now.sources.begin(), now.sources.end(), [](const pipeline::SourceProgress& source) {
          using enum pipeline::CaptureState;
          return (source.state == ended || source.state == failed || source.state == stopped) &&
                 all_shipped(source);
        });
  }

  bool all_sources_failed() const {
    const auto sources = capture_->progress().sources;
    return std::all_of(sources.begin(), sources.end(), [](const pipeline::SourceProgress& source) {
      return source.state == pipeline::CaptureState::failed;
    });
  }

  void add_capture(ServiceProgress& result) const {
    const pipeline::CaptureProgress now = capture_->progress();
    result.spool_bytes = now.spool.bytes_used;
    if (now.ship.trouble) result.shipping = now.ship.trouble->message;
    for (const auto& source : now.sources) {
      result.sources.push_back(
          {.name = source.name,
           .state = pipeline::name(source.state),
           .trouble = source.trouble ? source.trouble->message : "",
           .captured = source.durable,
           .shipped = source.shipped,
           .rejected = source.rejected,
           .done = source.state == pipeline::CaptureState::ended && all_shipped(source)});
    }
  }

  const settings::Config config_;
  const Kinds kinds_;
  const ServiceOptions options_;
  notify::Notifier notifier_{notify_settings(config_.notify)};
  std::optional<KafkaAccess> access_;
  std::unique_ptr<BrokerWatch> watch_;
  std::unique_ptr<pipeline::Capture> capture_;
  pipeline::FailureSpool failure_spool_{
      os::real_files(),
      os::real_clock(),
      {.folder = failure_spool_folder(config_), .bytes_max = config_.spool.bytes_max}};
  std::vector<std::unique_ptr<Delivery>> deliveries_;
  mutable std::atomic<bool> finishing_ = false;
};

}  // namespace

bool ServiceProgress::done() const {
  return std::all_of(sources.begin(), sources.end(),
                     [](const Source& source) { return source.done; }) &&
         std::all_of(pipelines.begin(), pipelines.end(), [](const Pipeline& pipeline) {
           return pipeline.done || (pipeline.state == "running" && pipeline.lag == 0);
         });
}

Result<std::unique_ptr<Service>> Service::start(const settings::Config& config, const Kinds& kinds,
                                                const ServiceOptions& options) {
  auto service = std::make_unique<RunningService>(config, kinds, options);
  HOLDFAST_CHECKED(service->start());
  return service;
}

}  // namespace holdfast::control
