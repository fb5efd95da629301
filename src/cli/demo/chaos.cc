#include "cli/demo/chaos.h"

#include <fmt/format.h>

#include "base/os/clock.h"
#include "cli/output.h"

namespace holdfast::cli::demo {
namespace {

constexpr int64_t look_every_ms = 10;
constexpr int64_t ready_timeout_ms = 30'000;
constexpr int64_t end_timeout_ms = 60'000;
constexpr int64_t stuck_after_ms = 60'000;

}  // namespace

Chaos::Chaos(std::string folder, int64_t rows, int64_t kills, Draw& draw, Screen& screen,
             const os::StopSignal& stop)
    : folder_(std::move(folder)), rows_(static_cast<double>(rows)), screen_(screen), stop_(stop) {
  if (auto program = os::own_program()) program_ = std::move(*program);
  broker_ = child("broker", {"broker", "--data", folder_ + "/broker", "--listen", "127.0.0.1:0"},
                  kills, draw);
  const std::string config = folder_ + "/flights.yaml";
  source_ = child("source", {"run", config, "--only", "sources", "--progress-json"}, kills, draw);
  pipeline_ =
      child("pipeline", {"run", config, "--only", "pipelines", "--progress-json"}, kills, draw);
}

std::unique_ptr<Child> Chaos::child(const std::string& role, std::vector<std::string> arguments,
                                    int64_t kills, Draw& draw) const {
  os::ProcessSettings settings{.program = program_,
                               .arguments = std::move(arguments),
                               .environment = {},
                               .error_file = fmt::format("{}/logs/{}.log", folder_, role)};
  return std::make_unique<Child>(role, std::move(settings), kills, draw);
}

Status Chaos::run() {
  HOLDFAST_CHECKED(start_broker());
  HOLDFAST_CHECKED(source_->start());
  HOLDFAST_CHECKED(pipeline_->start());
  HOLDFAST_CHECKED(work());
  return finish();
}

Status Chaos::start_broker() {
  HOLDFAST_CHECKED(broker_->start());
  const std::string address = HOLDFAST_TRY(broker_->wait_until_ready(ready_timeout_ms));
  if (!environment_.empty()) return {};
  // The port is now this one for good, so that the others find the broker again after it was
  // killed.
  environment_ = {{"HOLDFAST_BROKER", address}};
  broker_->settings().arguments.back() = address;
  source_->settings().environment = environment_;
  pipeline_->settings().environment = environment_;
  screen_.say(fmt::format("The broker serves at {}; kill -9 at will begins.", address));
  return {};
}

/// Until all is captured and shipped, and every planned kill was made.
Status Chaos::work() {
  int64_t moved_ms = os::real_clock().steady_ms();
  double moved = -1;
  while (true) {
    if (stop_.wait(look_every_ms))
      return fail(ErrorCode::interrupted, "stopped; what was started is ended");
    HOLDFAST_CHECKED(broker_->look());
    HOLDFAST_CHECKED(source_->look());
    HOLDFAST_CHECKED(pipeline_->look());
    HOLDFAST_CHECKED(kill_if_due(*source_, source_progress()));
    HOLDFAST_CHECKED(kill_if_due(*pipeline_, pipeline_progress()));
    HOLDFAST_CHECKED(kill_if_due(*broker_, broker_progress()));
    show();
    const bool killed =
        broker_->plan().finished() && source_->plan().finished() && pipeline_->plan().finished();
    const bool heard = source_->heard() && pipeline_->heard();
    if (killed && heard && source_->reported().sources_done) return {};
    const double now = source_progress() + pipeline_progress() +
                       static_cast<double>(kills().broker + kills().source + kills().pipeline);
    const int64_t now_ms = os::real_clock().steady_ms();
    if (now > moved) moved_ms = now_ms;
    moved = now;
    if (now_ms - moved_ms > stuck_after_ms) {
      return fail(ErrorCode::timeout, fmt::format("nothing moved for {} s; see {}/logs",
                                                  stuck_after_ms / 1000, folder_));
    }
  }
}

Status Chaos::kill_if_due(Child& child, double progress) {
  if (!child.plan().due(progress)) return {};
  HOLDFAST_CHECKED(child.kill());
  screen_.say(fmt::format("  {:>7}  kill -9 {:<8} at {:>3.0f} % of its work ({} of {})",
                          screen_.elapsed(), child.role(), 100 * progress, child.plan().kills(),
                          child.plan().planned()));
  return &child == broker_.get() ? start_broker() : child.start();
}

/// The pipeline is asked to stop, and a last run drains what is left, to the very end of the
/// topics.
Status Chaos::finish() {
  HOLDFAST_CHECKED(source_->stop(end_timeout_ms));
  HOLDFAST_CHECKED(pipeline_->stop(end_timeout_ms));
  pipeline_->settings().arguments.push_back("--once");
  HOLDFAST_CHECKED(pipeline_->start());
  HOLDFAST_CHECKED(pipeline_->finish(end_timeout_ms));
  show();
  screen_.settle();
  return {};
}

Status Chaos::stop_broker() {
  return broker_->stop(end_timeout_ms);
}

double Chaos::source_progress() const {
  return static_cast<double>(source_->reported().captured + source_->reported().shipped) /
         (2 * rows_);
}

double Chaos::pipeline_progress() const {
  return static_cast<double>(pipeline_->reported().delivered) / rows_;
}

/// The broker says nothing of itself: what others got into it and out of it is its work.
double Chaos::broker_progress() const {
  return (static_cast<double>(source_->reported().shipped) / rows_ + pipeline_progress()) / 2;
}

void Chaos::show() const {
  const Reported& source = source_->reported();
  const auto killed = [](const Child& child) {
    return fmt::format("killed {}x", child.plan().kills());
  };
  screen_.show({{"source", source_progress(),
                 fmt::format("captured {}, shipped {}, {}", grouped(source.captured),
                             grouped(source.shipped), killed(*source_))},
                {"broker", broker_progress(), killed(*broker_)},
                {"pipeline", pipeline_progress(),
                 fmt::format("delivered {}, {}", grouped(pipeline_->reported().delivered),
                             killed(*pipeline_))}});
}

}  // namespace holdfast::cli::demo
