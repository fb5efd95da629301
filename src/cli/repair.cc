#include "control/repair.h"

#include <fmt/format.h>
#include <thread>

#include "base/json_writer.h"
#include "base/log_line.h"
#include "base/os/clock.h"
#include "base/os/signals.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "control/cron.h"
#include "control/moment.h"

namespace holdfast::cli {
namespace {

constexpr int64_t health_every_ms = 5'000;

using Reports = std::vector<control::DatacenterRepair>;

std::string as_json(const Reports& reports, bool dry_run) {
  JsonWriter json;
  json.begin_object().member("dry_run", dry_run).key("datacenters").begin_array();
  for (const auto& one : reports) {
    const repair::RepairReport& report = one.report;
    json.begin_object().member("datacenter", one.datacenter).member("queue", one.queue);
    json.member("repaired", report.repaired).member("superseded", report.superseded);
    json.member("failing", report.failing).member("quarantined", report.quarantined);
    json.member("needs_decision", report.undecided);
    json.member("waiting_before", report.waiting).member("foreign", report.foreign);
    json.key("causes").begin_object();
    for (const auto& [code, count] : report.causes) json.member(code, count);
    json.end_object();
    if (report.failure)
      json.member("failure", report.failure->message)
          .member("failure_code", name(report.failure->code));
    if (report.stopped) json.member("stopped", true);
    json.end_object();
  }
  return json.end_array().end_object().take() + "\n";
}

std::string as_text(const Reports& reports, bool dry_run) {
  std::string text;
  for (const auto& one : reports) {
    const repair::RepairReport& report = one.report;
    if (dry_run)
      text += fmt::format("{}: {} records are waiting in {}\n", one.datacenter, report.waiting,
                          one.queue);
    else
      text += fmt::format(
          "{}: {} repaired, {} superseded, {} failed again ({} of them given up), in {:.1f} s\n",
          one.datacenter, report.repaired, report.superseded, report.failing, report.quarantined,
          one.seconds);
    if (report.undecided > 0)
      text += fmt::format(
          "{}: {} need a decision, for they are older than the store remembers deletions; see "
          "`holdfast failures list`\n",
          one.datacenter, report.undecided);
    for (const auto& [code, count] : report.causes)
      text += fmt::format("  {:>10}  {}\n", count, code);
    if (report.failure) text += fmt::format("  stopped: {}\n", report.failure->message);
    if (report.stopped) text += "  asked to stop: what is left waits for the next run\n";
  }
  return text;
}

bool any_failure(const Reports& reports) {
  for (const auto& one : reports)
    if (one.report.failure) return true;
  return false;
}

/// Passes a signal to stop on to the repair under way.
class StopWatch {
 public:
  explicit StopWatch(os::StopSignal& signal)
      : signal_(signal), thread_([this] {
          signal_.wait(-1);
          stop_.raise();
        }) {}
  ~StopWatch() {
    signal_.ask();
    thread_.join();
  }
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;
  repair::Stop& stop() { return stop_; }

 private:
  os::StopSignal& signal_;
  repair::Stop stop_;
  std::thread thread_;
};

int once(control::Repairer& repairer, const control::RepairOptions& options, repair::Stop& stop,
         bool json) {
  auto reports = repairer.run(options, stop);
  if (!reports) return failed(reports.error());
  print(json ? as_json(*reports, options.dry_run) : as_text(*reports, options.dry_run));
  return any_failure(*reports) || stop.raised() ? exit_failed : exit_ok;
}

int on_schedule(control::Repairer& repairer, const RepairArguments& arguments,
                const control::RepairOptions& options, repair::Stop& stop) {
  const auto cron = control::Cron::parse(arguments.schedule);
  if (!cron) {
    complain(cron.error().message);
    return exit_usage;
  }
  while (!stop.raised()) {
    const int64_t now_us = os::real_clock().wall_us();
    const int64_t next_us = cron->next_us(now_us);
    if (next_us == 0) return failed({ErrorCode::invalid, "the schedule never comes due"});
    // In steps: the wall clock may be set meanwhile.
    const int64_t wait_ms = std::min<int64_t>((next_us - now_us) / 1'000 + 1, 60'000);
    if (!stop.sleep(wait_ms)) break;
    if (os::real_clock().wall_us() >= next_us) once(repairer, options, stop, arguments.json);
  }
  return exit_ok;
}

/// Repairs whenever something waits; a store that is still away is looked at again.
int on_health(control::Repairer& repairer, const RepairArguments& arguments,
              control::RepairOptions options, repair::Stop& stop) {
  options.tell_nothing = false;
  control::RepairOptions look = options;
  look.dry_run = true;
  look.max = 1;
  do {
    const auto waiting = repairer.run(look, stop);
    if (!waiting) log_warning("repair", "{}", waiting.error().message);
    bool any = false;
    if (waiting)
      for (const auto& one : *waiting) any |= one.report.waiting > 0;
    if (any) once(repairer, options, stop, arguments.json);
  } while (stop.sleep(health_every_ms));
  return exit_ok;
}

}  // namespace

int run_repair(const RepairArguments& arguments, const control::Kinds& kinds) {
  os::StopSignal signal;
  int code = exit_ok;
  const auto config = load_config(arguments.config, code);
  if (!config) return code;
  control::RepairOptions options{.dry_run = arguments.dry_run,
                                 .rate = arguments.rate,
                                 .concurrency = arguments.concurrency,
                                 .max = arguments.max == 0 ? UINT64_MAX : arguments.max,
                                 .pipeline = arguments.pipeline,
                                 .attempts_max = arguments.attempts};
  if (!arguments.since.empty()) {
    const auto since = control::parse_moment(arguments.since, os::real_clock().wall_us());
    if (!since) {
      complain("--since: " + since.error().message);
      return exit_usage;
    }
    options.since_us = *since;
  }
  StopWatch watch(signal);
  control::Repairer repairer(*config, kinds);
  if (!arguments.schedule.empty()) return on_schedule(repairer, arguments, options, watch.stop());
  if (arguments.on_health) return on_health(repairer, arguments, options, watch.stop());
  return once(repairer, options, watch.stop(), arguments.json);
}

}  // namespace holdfast::cli
