#include "control/repair.h"

#include <fmt/format.h>

#include "base/log_line.h"
#include "base/os/clock.h"
#include "control/kafka_access.h"
#include "control/repair_target.h"
#include "control/stores.h"

namespace holdfast::control {
namespace {

constexpr int64_t tell_within_ms = 10'000;

notify::Notice notice_of(const DatacenterRepair& one) {
  const repair::RepairReport& report = one.report;
  notify::Notice notice{notify::Subject::repaired,
                        {{"datacenter", one.datacenter},
                         {"repaired", std::to_string(report.to_tell_repaired)},
                         {"superseded", std::to_string(report.to_tell_superseded)},
                         {"failing", std::to_string(report.failing)},
                         {"quarantined", std::to_string(report.quarantined)},
                         {"undecided", std::to_string(report.undecided)},
                         {"seconds", fmt::format("{:.1f}", one.seconds)}}};
  const uint64_t done = report.repaired + report.superseded + report.quarantined + report.undecided;
  notice.values["waiting"] = std::to_string(report.waiting - std::min(report.waiting, done));
  if (report.failure) {
    notice.subject = notify::Subject::failed;
    notice.values["why"] = report.failure->message;
  } else if (report.to_tell_repaired + report.to_tell_superseded + report.failing +
                 report.undecided ==
             0) {
    notice.subject = notify::Subject::nothing;
  }
  return notice;
}

/// Whether people are told. Of a run that was asked to stop, what it did; that nothing is left, it
/// cannot say.
bool is_news(const notify::Notice& notice, const repair::RepairReport& report,
             const RepairOptions& options) {
  if (notice.subject != notify::Subject::nothing) return true;
  return options.tell_nothing && !report.stopped;
}

/// Another run repairs that queue, or has taken it over.
bool is_elsewhere(const repair::RepairReport& report) {
  return report.failure &&
         (report.failure->code == ErrorCode::locked || report.failure->code == ErrorCode::fenced);
}

/// Tells people, and notes that they were told. Trouble with Slack is no trouble of the repair:
/// what was not told now is in the next message.
void tell(const std::vector<DatacenterRepair>& all, const RepairOptions& options,
          notify::Notifier& notifier) {
  const uint64_t given_up = notifier.given_up();
  for (const DatacenterRepair& one : all) {
    if (is_elsewhere(one.report)) continue;  // whoever repairs tells
    const notify::Notice notice = notice_of(one);
    if (is_news(notice, one.report, options)) notifier.post(notice);
  }
  if (!notifier.flush(tell_within_ms) || notifier.given_up() > given_up) return;
  for (const auto& [datacenter, queue, report, seconds] : all) {
    if (report.to_tell_repaired + report.to_tell_superseded == 0 || report.lease == nullptr)
      continue;
    if (const Status noted = repair::mark_told(report); !noted)
      log_warning("repair", "the next message will tell the same again: {}", noted.error().message);
  }
}

/// The places where the records of a data center's stores are, and how to repair them.
repair::RepairSettings settings_for(const settings::Config& config, const Kinds& kinds,
                                    const RepairOptions& options, const kafka::ClientSettings& own,
                                    const FailurePlace& place) {
  repair::RepairSettings settings{.kafka = place.client, .queue = place.topic};
  settings.concurrency = options.concurrency;
  settings.workers = repair_workers(config);
  settings.rate = options.rate;
  settings.max = options.max;
  settings.attempts_max = options.attempts_max;
  settings.dry_run = options.dry_run;
  settings.open = [&config, &kinds, &own](const event::FailureRecord& record, size_t worker) {
    return open_repair_target(config, kinds, own, record, worker);
  };
  settings.wanted = [&options](const repair::Place&, const event::FailureRecord& record) {
    return record.kind != event::FailureKind::rejected &&
           record.last_failure_us >= options.since_us &&
           (options.pipeline.empty() || record.pipeline == options.pipeline);
  };
  return settings;
}

}  // namespace

Repairer::Repairer(const settings::Config& config, const Kinds& kinds)
    : config_(config),
      kinds_(kinds),
      notifier_(std::make_unique<notify::Notifier>(notify_settings(config.notify))) {}
Repairer::~Repairer() = default;

Result<std::vector<DatacenterRepair>> Repairer::run(const RepairOptions& options,
                                                    repair::Stop& stop) {
  const settings::Config& config = config_;
  if (config.datacenters.empty())
    return fail(ErrorCode::invalid,
                "the configuration names no data centers: nothing is recorded "
                "for a repair");
  const KafkaAccess access =
      HOLDFAST_TRY(KafkaAccess::open(config.kafka, KafkaAccess::Purpose::visit));
  std::vector<DatacenterRepair> all;
  for (const settings::Datacenter& datacenter : config.datacenters) {
    if (stop.raised()) break;
    const FailurePlace place = failure_place(config, access.client(), datacenter);
    const auto settings = settings_for(config, kinds_, options, access.client(), place);
    const int64_t begun_ms = os::real_clock().steady_ms();
    DatacenterRepair& done = all.emplace_back(datacenter.name, place.topic);
    auto report = repair::run(settings, stop);
    // A Kafka that is away keeps its records; the other data centers' are looked at all the same.
    if (report)
      done.report = std::move(*report);
    else if (report.error().code == ErrorCode::interrupted)
      done.report.stopped = true;
    else
      done.report.failure = report.error();
    done.seconds = static_cast<double>(os::real_clock().steady_ms() - begun_ms) / 1'000;
  }
  if (options.tell && !options.dry_run) tell(all, options, *notifier_);
  for (DatacenterRepair& done : all) done.report.lease.reset();
  return all;
}

}  // namespace holdfast::control
