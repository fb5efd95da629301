#include <fmt/format.h>

#include "base/json_writer.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "settings/load.h"

namespace holdfast::cli {
namespace {

void add_json(JsonWriter& json, const settings::Loaded& loaded) {
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
  json.end_array().end_object();
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

int check(const CheckArguments& arguments) {
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
    if (arguments.json) {
      add_json(json, *loaded);
      continue;
    }
    for (const settings::Fault& fault : loaded->faults) print(format(fault, loaded->file) + "\n");
    if (loaded->usable()) print(summary(*loaded));
  }
  if (arguments.json) print(json.end_array().text() + "\n");
  return code;
}

}  // namespace holdfast::cli
