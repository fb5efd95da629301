#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/log_line.h"
#include "base/os/clock.h"
#include "base/os/signals.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "control/service.h"

namespace holdfast::cli {
namespace {

constexpr int64_t json_every_ms = 25;
constexpr int64_t bar_every_ms = 100;
constexpr int64_t line_every_ms = 5'000;
constexpr int64_t look_every_ms = 25;

/// Shows where a service stands: as JSON for a supervisor, as one line that renews itself for a
/// person, or now and then as a line.
class Display {
 public:
  explicit Display(bool json) : json_(json), live_(!json && on_terminal()) {}

  void show(const control::ServiceProgress& progress, bool last) {
    const int64_t now_ms = os::real_clock().steady_ms();
    const int64_t every_ms = json_ ? json_every_ms : live_ ? bar_every_ms : line_every_ms;
    if (!last && shown_ms_ >= 0 && now_ms - shown_ms_ < every_ms) return;
    shown_ms_ = now_ms;
    if (json_) {
      print(progress_json(progress) + "\n");
    } else if (live_) {
      print(fmt::format("\r\x1b[K{}{}", progress_line(progress), last ? "\n" : ""));
    } else {
      print(progress_line(progress) + "\n");
    }
  }

 private:
  const bool json_, live_;
  int64_t shown_ms_ = -1;
};

}  // namespace

int run(const RunArguments& arguments, const control::Kinds& kinds) {
  os::StopSignal stop;
  int code = exit_ok;
  const auto config = load_config(arguments.config, code);
  if (!config) return code;
  const control::ServiceOptions options{.sources = arguments.only != "pipelines",
                                        .pipelines = arguments.only != "sources",
                                        .once = arguments.once};
  auto service = control::Service::start(*config, kinds, options);
  if (!service) return failed(service.error());
  if (const std::string broker = (*service)->progress().broker; !broker.empty())
    log_info("broker", "serves at {}", broker);
  Display display(arguments.progress_json);
  while (!stop.wait(look_every_ms) && !(*service)->over())
    display.show((*service)->progress(), false);
  display.show((*service)->progress(), true);
  const Status ended = (*service)->stop();
  return ended ? exit_ok : failed(ended.error());
}

}  // namespace holdfast::cli
