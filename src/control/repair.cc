#include "control/repair.h"

#include <fmt/format.h>
#include <unordered_map>

#include "base/log_line.h"
#include "base/os/clock.h"
#include "control/kafka_access.h"
#include "control/stores.h"
#include "transform/transform.h"

namespace holdfast::control {
namespace {

constexpr int64_t tell_within_ms = 10'000;

/// A store of a pipeline, with the pipeline's transform before it.
class PipelineTarget final : public repair::Target {
 public:
  static Result<std::unique_ptr<repair::Target>> open(const settings::Pipeline& pipeline,
                                                      const settings::Sink& sink,
                                                      const Kinds& kinds) {
    auto target = std::make_unique<PipelineTarget>();
    transform::Settings sql;
    if (pipeline.transform)
      sql = {.sql = pipeline.transform->sql,
             .columns = pipeline.transform->columns,
             .tables = pipeline.transform->tables};
    target->transform_ = HOLDFAST_TRY(transform::Transform::open(sql));
    target->sink_ = HOLDFAST_TRY(kinds.open_sink(pipeline, sink, target->transform_->schema()));
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
  sink::Sink& sink() override { return *sink_; }

 private:
  std::unique_ptr<transform::Transform> transform_;
  transform::Output output_;
  std::unique_ptr<sink::Sink> sink_;
};

/// Opens the store that a record names; `not_found` when the configuration has it no more.
Result<std::unique_ptr<repair::Target>> open_target(const settings::Config& config,
                                                    const Kinds& kinds,
                                                    const event::FailureRecord& record) {
  for (const auto& pipeline : config.pipelines) {
    if (pipeline.name != record.pipeline) continue;
    for (const auto& sink : pipeline.to)
      for (const SingleStore& store : single_stores(sink))
        if (store.datacenter == record.datacenter && store_name(store.sink) == record.store)
          return PipelineTarget::open(pipeline, store.sink, kinds);
  }
  return fail(ErrorCode::not_found,
              fmt::format("the configuration has no pipeline {} with a store {} in {}",
                          record.pipeline, record.store, record.datacenter));
}

bool uses_duckdb(const settings::Config& config) {
  for (const auto& pipeline : config.pipelines)
    for (const auto& sink : pipeline.to)
      for (const SingleStore& store : single_stores(sink))
        if (store.sink.duckdb) return true;
  return false;
}

notify::Notice notice_of(const DatacenterRepair& one) {
  const repair::RepairReport& report = one.report;
  notify::Notice notice{notify::Subject::repaired,
                        {{"datacenter", one.datacenter},
                         {"repaired", std::to_string(report.to_tell_repaired)},
                         {"superseded", std::to_string(report.to_tell_superseded)},
                         {"failing", std::to_string(report.failing)},
                         {"quarantined", std::to_string(report.quarantined)},
                         {"seconds", fmt::format("{:.1f}", one.seconds)}}};
  const uint64_t done = report.repaired + report.superseded + report.quarantined;
  notice.values["waiting"] = std::to_string(report.waiting - std::min(report.waiting, done));
  if (report.failure) {
    notice.subject = notify::Subject::failed;
    notice.values["why"] = report.failure->message;
  } else if (report.to_tell_repaired + report.to_tell_superseded + report.failing == 0) {
    notice.subject = notify::Subject::nothing;
  }
  return notice;
}

/// A queue, and what was done about it.
struct Done {
  DatacenterRepair repair;
  repair::RepairSettings settings;
};

/// Tells people, and notes that they were told. Trouble with Slack is no trouble of the repair:
/// what was not told now is in the next message.
void tell(const std::vector<Done>& all, const RepairOptions& options, const notify::Settings& how) {
  notify::Notifier notifier(how);
  for (const Done& done : all) {
    const notify::Notice notice = notice_of(done.repair);
    if (options.tell_nothing || notice.subject == notify::Subject::repaired) notifier.post(notice);
  }
  if (!notifier.flush(tell_within_ms) || notifier.given_up() > 0) return;
  for (const Done& done : all) {
    const repair::RepairReport& report = done.repair.report;
    if (report.to_tell_repaired + report.to_tell_superseded == 0) continue;
    if (const Status noted = repair::mark_told(done.settings); !noted)
      log_warning("repair", "the next message will tell the same again: {}", noted.error().message);
  }
}

/// The places where the records of a data center's stores are, and how to repair them.
repair::RepairSettings settings_for(const settings::Config& config, const Kinds& kinds,
                                    const RepairOptions& options, const FailurePlace& place) {
  repair::RepairSettings settings{.kafka = place.client, .queue = place.topic};
  settings.concurrency = options.concurrency;
  settings.workers = uses_duckdb(config) ? 1 : 2;  // DuckDB: one writer a table
  settings.rate = options.rate;
  settings.max = options.max;
  settings.attempts_max = options.attempts_max;
  settings.dry_run = options.dry_run;
  settings.open = [&config, &kinds](const event::FailureRecord& record) {
    return open_target(config, kinds, record);
  };
  settings.wanted = [&options](const repair::Place&, const event::FailureRecord& record) {
    return record.kind != event::FailureKind::rejected &&
           record.last_failure_us >= options.since_us &&
           (options.pipeline.empty() || record.pipeline == options.pipeline);
  };
  return settings;
}

}  // namespace

Result<std::vector<DatacenterRepair>> run_repair(const settings::Config& config, const Kinds& kinds,
                                                 const RepairOptions& options, repair::Stop& stop) {
  if (config.datacenters.empty())
    return fail(ErrorCode::invalid,
                "the configuration names no data centers: nothing is recorded "
                "for a repair");
  const KafkaAccess access =
      HOLDFAST_TRY(KafkaAccess::open(config.kafka, KafkaAccess::Purpose::visit));
  std::vector<Done> all;
  for (const settings::Datacenter& datacenter : config.datacenters) {
    if (stop.raised()) break;
    const FailurePlace place = failure_place(config, access.client(), datacenter);
    Done done{{datacenter.name, place.topic, {}, 0}, settings_for(config, kinds, options, place)};
    const int64_t begun_ms = os::real_clock().steady_ms();
    auto report = repair::run(done.settings, stop);
    // A Kafka that is away keeps its records; the other data centers' are looked at all the same.
    if (!report) done.repair.report.failure = report.error();
    if (report) done.repair.report = std::move(*report);
    done.repair.seconds = static_cast<double>(os::real_clock().steady_ms() - begun_ms) / 1'000;
    all.push_back(std::move(done));
  }
  if (options.tell && !options.dry_run) tell(all, options, notify_settings(config.notify));
  std::vector<DatacenterRepair> repairs;
  for (Done& done : all) repairs.push_back(std::move(done.repair));
  return repairs;
}

}  // namespace holdfast::control
