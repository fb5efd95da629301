#include "control/repair_target.h"

#include <fmt/format.h>
#include <unordered_map>

#include "control/stores.h"
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
    transform::Settings sql;
    if (pipeline.transform)
      sql = {.sql = pipeline.transform->sql,
             .columns = pipeline.transform->columns,
             .tables = pipeline.transform->tables};
    target->transform_ = HOLDFAST_TRY(transform::Transform::open(sql));
    target->store_ = HOLDFAST_TRY(open_store(target->transform_->schema()));
    return target;
  }

  Status make_rows(std::span<const event::Consumed> events, repair::Rows& rows) override {
    transform::EventBatch batch;
    for (const event::Consumed& one : events) batch.add(one.event, one.origin);
    HOLDFAST_CHECKED(transform_->run(batch, output_));
    std::unordered_map<std::string, uint32_t> sources;
    for (uint32_t i = 0; i < batch.size(); ++i) {
      const event::Event& event = batch.events()[i].event;
      const auto [source, fresh] =
          sources.try_emplace(std::string(event.stamp.source), rows.batch.sources.size());
      if (fresh) rows.batch.sources.push_back(source->first);
      const int32_t made = output_.row_of[i];
      const int32_t row = made == transform::Output::filtered   ? sink::Entry::filtered
                          : made == transform::Output::rejected ? sink::Entry::handed_over
                                                                : made;
      rows.batch.entries.push_back({.source = source->second,
                                    .row = row,
                                    .epoch = event.stamp.epoch,
                                    .sequence = event.stamp.sequence,
                                    .version = event.version,
                                    .deletion = !event.value.has_value()});
    }
    std::swap(rows.batch.rows, output_.rows);
    for (const auto& refusal : output_.rejections)
      rows.refused.push_back({refusal.event, {refusal.code, refusal.message}});
    return {};
  }
  sink::Sink& sink() override { return *store_.sink; }

 private:
  std::unique_ptr<transform::Transform> transform_;
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
  return 2;
}

}  // namespace holdfast::control
