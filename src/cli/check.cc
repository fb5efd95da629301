#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "base/json_writer.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "control/connect.h"
#include "settings/load.h"

namespace holdfast::cli {
namespace {

void add_json(JsonWriter& json, const settings::Loaded& loaded,
              const std::vector<control::Tried>& tried) {
  json.begin_object()
      .member("file", loaded.file)
      .member("usable", loaded.usable())
      .key("faults")
      .begin_array();
  for (const settings::Fault& fault : loaded.faults) {
    json.begin_object().member("line", fault.place.line).member("column", fault.place.column);
    json.member("kind", fault.kind == settings::Fault::Kind::error ? "error" : "warning");
    json.member("path", fault.path).member("message", fault.message).end_object();
  }
  json.end_array().key("tried").begin_array();
  for (const control::Tried& one : tried) {
    json.begin_object().member("what", one.what).member("path", one.path).member("good", one.good);
    json.member("outcome", one.outcome).end_object();
  }
  json.end_array().end_object();
}

/// The outcome of a try; a bad one at the place of the setting.
std::string tried_line(const control::Tried& tried, const settings::Loaded& loaded) {
  if (tried.good) return fmt::format("  {}: {}\n", tried.what, tried.outcome);
  const auto place = loaded.places.find(tried.path);
  settings::Fault fault{.kind = settings::Fault::Kind::error,
                        .place = {},
                        .path = tried.path,
                        .message = tried.what + ": " + tried.outcome};
  if (place != loaded.places.end()) fault.place = place->second;
  return format(fault, loaded.file) + "\n";
}

std::string summary(const settings::Loaded& loaded) {
  const auto& config = loaded.config;
  const auto counted = [](size_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  return fmt::format("{}: good: {}, {}, Kafka {}\n", loaded.file,
                     counted(config.sources.size(), "source"),
                     counted(config.pipelines.size(), "pipeline"), config.kafka.bootstrap_servers);
}

}  // namespace

int check(const CheckArguments& arguments, const control::Kinds& kinds) {
  if (arguments.schema) return print(settings::json_schema()) ? exit_ok : exit_failed;
  if (arguments.reference) return print(settings::reference()) ? exit_ok : exit_failed;
  if (arguments.configs.empty()) {
    complain("name a configuration file to check: holdfast check flights.yaml");
    return exit_usage;
  }
  int code = exit_ok;
  JsonWriter json;
  json.begin_array();
  for (const std::string& path : arguments.configs) {
    auto loaded = settings::load_file(os::real_files(), path, settings::process_environment());
    if (!loaded) return failed(loaded.error());
    if (!loaded->usable()) code = exit_configuration;
    if (!arguments.connect)
      std::ranges::move(control::missing_files(*loaded), std::back_inserter(loaded->faults));
    std::vector<control::Tried> tried;
    if (arguments.connect && loaded->usable())
      tried = control::try_everything(loaded->config, kinds);
    const bool all_good =
        std::all_of(tried.begin(), tried.end(), [](const auto& one) { return one.good; });
    if (!all_good) code = exit_failed;
    if (arguments.json) {
      add_json(json, *loaded, tried);
      continue;
    }
    for (const settings::Fault& fault : loaded->faults) print(format(fault, loaded->file) + "\n");
    for (const control::Tried& one : tried) print(tried_line(one, *loaded));
    if (loaded->usable() && all_good) print(summary(*loaded));
  }
  if (arguments.json) print(json.end_array().text() + "\n");
  return code;
}

}  // namespace holdfast::cli
