#include "control/failures.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/verbs.h"

namespace holdfast::cli {
namespace {

std::string as_json(const control::FailureList& list) {
  JsonWriter json;
  json.begin_object()
      .member("total", list.total)
      .member("foreign", list.foreign)
      .key("failures")
      .begin_array();
  for (const control::Failure& failure : list.failures) {
    json.begin_object().member("id", failure.id).key("record").raw(failure.json).end_object();
  }
  return json.end_array().end_object().take() + "\n";
}

std::string as_text(const control::FailureList& list) {
  if (list.total == 0 && list.foreign == 0) return "Nothing was refused.\n";
  std::string text;
  for (const control::Failure& failure : list.failures) {
    text += fmt::format("{}  {}  {}  {}: {}\n", failure.id, failure.kind, failure.where,
                        failure.cause_code, failure.cause);
  }
  if (list.total > list.failures.size()) {
    text += fmt::format("... and {} more; raise --limit to see them\n",
                        list.total - list.failures.size());
  }
  if (list.foreign > 0) text += fmt::format("{} records there are not ours\n", list.foreign);
  return text;
}

std::string as_text(const control::Failure& failure) {
  return fmt::format(
      "id      {}\nkind    {} ({})\nevent   {}\nwhere   {}\ncause   {}: {}\nrecord  {}\n",
      failure.id, failure.kind, failure.stage, failure.event, failure.where, failure.cause_code,
      failure.cause, failure.json);
}

}  // namespace

int list_failures(const FailuresListArguments& arguments) {
  int code = exit_ok;
  const auto config = load_config(arguments.config, code);
  if (!config) return code;
  auto list = control::list_failures(*config, arguments.topic, arguments.limit);
  if (!list) return failed(list.error());
  print(arguments.json ? as_json(*list) : as_text(*list));
  return exit_ok;
}

int show_failure(const FailuresShowArguments& arguments) {
  int code = exit_ok;
  const auto config = load_config(arguments.config, code);
  if (!config) return code;
  auto failure = control::show_failure(*config, arguments.id);
  if (!failure) return failed(failure.error());
  print(arguments.json ? failure->json + "\n" : as_text(*failure));
  return exit_ok;
}

}  // namespace holdfast::cli
