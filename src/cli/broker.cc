#include "control/broker.h"

#include <fmt/format.h>
#include <thread>

#include "base/os/signals.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/verbs.h"

namespace holdfast::cli {
namespace {

int serve(const BrokerArguments& arguments) {
  os::StopSignal stop;
  auto broker =
      control::RunningBroker::start({arguments.data, arguments.listen, arguments.advertised,
                                     arguments.insecure, arguments.set, arguments.metrics});
  if (!broker) return failed(broker.error());
  std::string lines = fmt::format("ready {}\n", (*broker)->address());
  if (arguments.metrics)
    lines += fmt::format("metrics http://{}/metrics\n", (*broker)->metrics_address());
  if (!print(lines)) complain("nobody reads standard output");

  Status ended;  // written by the waiting thread, read after it was joined
  std::thread waiting([&] {
    ended = (*broker)->wait();
    stop.ask();
  });
  stop.wait(-1);
  const Status stopped = (*broker)->stop();
  waiting.join();
  if (!ended) return failed(ended.error());
  return stopped ? exit_ok : failed(stopped.error());
}

}  // namespace

int broker(const BrokerArguments& arguments) {
  if (arguments.verify)
    return inspect({.what = "log", .path = arguments.data, .frames = 0, .json = arguments.json});
  return serve(arguments);
}

}  // namespace holdfast::cli
