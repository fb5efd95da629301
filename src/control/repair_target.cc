#include "control/repair_target.h"

#include <fmt/format.h>

#include "control/stores.h"
#include "pipeline/fill_batch.h"
#include "transform/transform.h"

namespace holdfast::control {
namespace {

/// A store of a pipeline, with the pipeline's transform before it.
class PipelineTarget final : public repair::Target {
 public:
  using Open = std::function<Result<OpenStore>(const event::Schema&)>;

  static Result<std::unique_ptr<repair::Target>> open(const settings::Pipeline& pipeline,
                                                      const Open& open_store) {
    auto target = std::make_unique<PipelineTarget>();
    target->transform_ =
        HOLDFAST_TRY(transform::Transform::open(transform_settings(pipeline.transform)));
    target->store_ = HOLDFAST_TRY(open_store(target->transform_->schema()));
    return target;
  }

  Status make_rows(std::span<const event::Consumed> events, repair::Rows& rows) override {
    events_.clear();
    for (const event::Consumed& one : events) events_.add(one.event, one.origin);
    HOLDFAST_CHECKED(transform_->run(events_, output_));
    pipeline::fill_batch(events_, output_, rows.batch);
    for (const auto& refusal : output_.rejections)
      rows.refused.push_back({refusal.event, {refusal.code, refusal.message}});
    return {};
  }
  sink::Sink& sink() override { return *store_.sink; }

 private:
  std::unique_ptr<transform::Transform> transform_;
  transform::EventBatch events_;
  transform::Output output_;
  OpenStore store_;
};

}  // namespace

Result<std::unique_ptr<repair::Target>> open_repair_target(const settings::Config& config,
                                                           const Kinds& kinds,
                                                           const kafka::ClientSettings& own,
                                                           const event::FailureRecord& record,
                                                           size_t worker) {
  for (const auto& pipeline : config.pipelines) {
    if (pipeline.name != record.pipeline) continue;
    for (const auto& sink : pipeline.to) {
      if (record.datacenter.empty() && store_name(sink) == record.store)
        return PipelineTarget::open(pipeline, [&](const event::Schema& schema) {
          return open_store(config, own, pipeline, sink, schema, kinds, {});
        });
      for (const SingleStore& store : single_stores(sink))
        if (store.datacenter == record.datacenter && store_name(store.sink) == record.store)
          return PipelineTarget::open(
              pipeline, [&](const event::Schema& schema) -> Result<OpenStore> {
                OpenStore opened;
                settings::Sink one = store.sink;
                if (one.cassandra) one.cassandra->repair_worker = static_cast<int64_t>(worker);
                opened.sink = HOLDFAST_TRY(kinds.open_sink(pipeline, one, schema));
                return opened;
              });
    }
  }
  return fail(
      ErrorCode::not_found,
      fmt::format("the configuration has no pipeline \"{}\" with a store {}{}{}", record.pipeline,
                  record.store, record.datacenter.empty() ? "" : " in ", record.datacenter));
}

size_t repair_workers(const settings::Config& config) {
  for (const auto& pipeline : config.pipelines)
    for (const auto& sink : pipeline.to)
      for (const SingleStore& store : single_stores(sink))
        if (store.sink.duckdb) return 1;
  return settings::CassandraSink::repair_workers;
}

}  // namespace holdfast::control
