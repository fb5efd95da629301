#include "control/failures.h"

#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/os/clock.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "control/moment.h"

namespace holdfast::cli {
namespace {

std::string as_json(const control::FailureList& list) {
  JsonWriter json;
  json.begin_object()
      .member("total", list.total)
      .member("foreign", list.foreign)
      .member("spooled", list.spooled)
      .key("failures")
      .begin_array();
  for (const control::Failure& failure : list.failures) {
    json.begin_object().member("id", failure.id).member("state", failure.state);
    if (!failure.note.empty()) json.member("note", failure.note);
    json.key("record").raw(failure.json).end_object();
  }
  json.end_array().key("missing").begin_array();
  for (const control::MissingQueue& one : list.missing)
    json.begin_object()
        .member("queue", one.queue)
        .member("kafka", one.kafka)
        .member("why", one.why.message)
        .end_object();
  return json.end_array().end_object().take() + "\n";
}

/// Says which queues are not among what was printed; the exit code for it.
int complain_of_missing(const control::FailureList& list) {
  for (const control::MissingQueue& one : list.missing)
    complain(fmt::format("queue {} could not be read, its Kafka {} does not answer: {}", one.queue,
                         one.kafka, one.why.message));
  return list.missing.empty() ? exit_ok : exit_failed;
}

std::string as_text(const control::FailureList& list) {
  if (list.total == 0 && list.foreign == 0 && list.spooled == 0)
    return list.missing.empty() ? "Nothing is in the failure queues.\n"
                                : "Nothing is in the failure queues that could be read.\n";
  std::string text;
  for (const control::Failure& failure : list.failures) {
    text += fmt::format("{}  {}  {}  {}  {}: {}\n", failure.id, failure.state, failure.kind,
                        failure.where, failure.cause_code, failure.cause);
  }
  if (list.total > list.failures.size()) {
    text += fmt::format("... and {} more; raise --limit to see them\n",
                        list.total - list.failures.size());
  }
  if (list.spooled > 0)
    text +=
        fmt::format("{} records wait in the spool here until the Kafka that keeps them answers\n",
                    list.spooled);
  if (list.foreign > 0) text += fmt::format("{} records there are not ours\n", list.foreign);
  return text;
}

std::string as_text(const control::Failure& failure) {
  return fmt::format(
      "id      {}\nstate   {}{}{}\nkind    {} ({})\nevent   {}\nwhere   {}\ncause   {}: {}\nrecord "
      " "
      "{}\n",
      failure.id, failure.state, failure.note.empty() ? "" : ", ", failure.note, failure.kind,
      failure.stage, failure.event, failure.where, failure.cause_code, failure.cause, failure.json);
}

/// The filter, or nothing when a time is none (`code` is set).
std::optional<control::FailureFilter> filter_of(const FailuresChosen& chosen, int& code) {
  control::FailureFilter filter{.ids = chosen.ids,
                                .topic = chosen.topic,
                                .cause = chosen.cause,
                                .key = chosen.key,
                                .pipeline = chosen.pipeline,
                                .settled_too = chosen.all};
  const int64_t now_us = os::real_clock().wall_us();
  for (const auto& [text, to] :
       {std::pair{&chosen.since, &filter.since_us}, std::pair{&chosen.until, &filter.until_us}}) {
    if (text->empty()) continue;
    const auto moment = control::parse_moment(*text, now_us);
    if (!moment) {
      complain(moment.error().message);
      code = exit_usage;
      return {};
    }
    *to = *moment;
  }
  return filter;
}

/// The same for verbs that change something: all of them must be asked for by name.
std::optional<control::FailureFilter> chosen_filter(const FailuresChosen& chosen, int& code) {
  auto filter = filter_of(chosen, code);
  if (!filter) return {};
  if (filter->everything() && !chosen.all) {
    complain("name records by id, --cause, --key, --pipeline, --since or --until; or give --all");
    code = exit_usage;
    return {};
  }
  filter->settled_too = false;
  return filter;
}

std::string user_name() {
  for (const char* name : {"SUDO_USER", "USER", "LOGNAME"})
    if (const char* value = std::getenv(name); value != nullptr && *value != 0) return value;
  return "unknown";
}

/// Whether the person at the terminal means it.
bool confirmed(uint64_t count) {
  std::fprintf(stderr, "Drop %llu records? They are never applied then. Type yes: ",
               static_cast<unsigned long long>(count));
  char answer[16] = {};
  return std::fgets(answer, sizeof answer, stdin) != nullptr && std::string_view(answer) == "yes\n";
}

}  // namespace

int list_failures(const FailuresListArguments& arguments) {
  int code = exit_ok;
  const auto config = load_config(arguments.chosen.config, code);
  if (!config) return code;
  const auto filter = filter_of(arguments.chosen, code);
  if (!filter) return code;
  auto list = control::list_failures(*config, *filter, arguments.limit);
  if (!list) return failed(list.error());
  print(arguments.json ? as_json(*list) : as_text(*list));
  return complain_of_missing(*list);
}

int export_failures(const FailuresExportArguments& arguments) {
  int code = exit_ok;
  const auto config = load_config(arguments.chosen.config, code);
  if (!config) return code;
  const auto filter = filter_of(arguments.chosen, code);
  if (!filter) return code;
  const auto list =
      control::export_failures(*config, *filter, [&](const control::Failure& failure) -> Status {
        JsonWriter json;
        json.begin_object().member("id", failure.id).member("state", failure.state);
        json.key("record").raw(failure.json).end_object();
        if (!print(json.take() + "\n")) return fail(ErrorCode::io, "the output does not take it");
        return {};
      });
  if (!list) return failed(list.error());
  return complain_of_missing(*list);
}

int drop_failures(const FailuresDropArguments& arguments) {
  int code = exit_ok;
  const auto config = load_config(arguments.chosen.config, code);
  if (!config) return code;
  const auto filter = chosen_filter(arguments.chosen, code);
  if (!filter) return code;
  const auto list = control::list_failures(*config, *filter, 0);
  if (!list) return failed(list.error());
  if (complain_of_missing(*list) != exit_ok) {
    complain("nothing was dropped; name a queue that answers with --topic");
    return exit_failed;
  }
  if (list->total > 0 && !arguments.yes && !confirmed(list->total)) {
    complain("nothing was dropped");
    return exit_failed;
  }
  const auto dropped = control::drop_failures(
      *config, *filter, arguments.who.empty() ? user_name() : arguments.who, arguments.why);
  if (!dropped) return failed(dropped.error());
  print(fmt::format("{} records dropped\n", *dropped));
  return exit_ok;
}

int replay_failures(const FailuresReplayArguments& arguments, const control::Kinds& kinds) {
  int code = exit_ok;
  const auto config = load_config(arguments.chosen.config, code);
  if (!config) return code;
  const auto filter = chosen_filter(arguments.chosen, code);
  if (!filter) return code;
  repair::Stop stop;
  const auto replayed = control::replay_failures(*config, kinds, *filter, stop);
  if (!replayed) return failed(replayed.error());
  JsonWriter json;
  std::string text = replayed->empty() ? "Nothing fits.\n" : "";
  json.begin_object().key("queues").begin_array();
  for (const auto& [queue, report] : *replayed) {
    json.begin_object().member("queue", queue).member("repaired", report.repaired);
    json.member("superseded", report.superseded).member("failing", report.failing);
    if (report.failure) json.member("failure", report.failure->message);
    json.end_object();
    text += fmt::format("{}: {} repaired, {} superseded, {} failed again{}\n", queue,
                        report.repaired, report.superseded, report.failing,
                        report.failure ? "; stopped: " + report.failure->message : "");
    if (report.failure || report.failing > 0) code = exit_failed;
  }
  json.end_array().end_object();
  print(arguments.json ? json.take() + "\n" : text);
  return code;
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
