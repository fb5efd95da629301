#include "control/inspect.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "cli/cli.h"
#include "cli/output.h"
#include "cli/verbs.h"

namespace holdfast::cli {
namespace {

std::string log_json(const control::LogReport& report) {
  JsonWriter json;
  json.begin_object().member("folder", report.folder).member("good", report.damage.empty());
  json.member("segments", report.segments)
      .member("frames", report.frames)
      .member("batches", report.batch_frames);
  json.member("bytes", report.bytes).member("begin", report.begin).member("end", report.end);
  json.member("torn_tail", report.torn_tail).key("damage").begin_array();
  for (const auto& damage : report.damage) {
    json.begin_object()
        .member("file", damage.file)
        .member("position", damage.position)
        .member("what", damage.what)
        .end_object();
  }
  json.end_array().key("first_frames").begin_array();
  for (const auto& frame : report.first_frames) {
    json.begin_object()
        .member("position", frame.position)
        .member("kind", frame.kind)
        .member("partition", frame.partition);
    json.member("first_offset", frame.first_offset)
        .member("last_offset", frame.last_offset)
        .member("bytes", frame.bytes)
        .end_object();
  }
  return json.end_array().end_object().take() + "\n";
}

std::string log_text(const control::LogReport& report) {
  std::string text = fmt::format(
      "log folder  {}\nsegments    {}\nframes      {} ({} batches, {} changes of state)\nbytes     "
      "  {}\n",
      report.folder, report.segments, grouped(static_cast<int64_t>(report.frames)),
      grouped(static_cast<int64_t>(report.batch_frames)),
      grouped(static_cast<int64_t>(report.frames - report.batch_frames)),
      readable_bytes(report.bytes));
  text += fmt::format("positions   {} to {}\n", report.begin, report.end);
  if (report.torn_tail)
    text +=
        "tail        torn behind the last durable frame: nothing acknowledged, cut at the next "
        "start\n";
  for (const auto& damage : report.damage) {
    text += fmt::format("DAMAGE      {} at position {}: {}\n", damage.file, damage.position,
                        damage.what);
  }
  if (report.damage.empty()) text += "damage      none\n";
  if (!report.first_frames.empty())
    text += "\n    position  kind   partition        offsets      bytes\n";
  for (const auto& frame : report.first_frames) {
    text += fmt::format("{:>12}  {:<5}  {:>9}  {:>13}  {:>9}\n", frame.position, frame.kind,
                        frame.partition,
                        fmt::format("{}..{}", frame.first_offset, frame.last_offset), frame.bytes);
  }
  return text;
}

int inspect_log(const InspectArguments& arguments) {
  auto report = control::inspect_log(arguments.path, arguments.frames);
  if (!report) return failed(report.error());
  print(arguments.json ? log_json(*report) : log_text(*report));
  return report->damage.empty() ? exit_ok : exit_found;
}

std::string spool_json(const control::SpoolReport& report) {
  JsonWriter json;
  json.begin_object().member("folder", report.log.folder).member("good", report.log.damage.empty());
  json.member("batches", report.batches)
      .member("events", report.events)
      .member("bytes", report.log.bytes);
  json.member("torn_tail", report.log.torn_tail).key("sources").begin_array();
  for (const auto& source : report.sources) {
    json.begin_object()
        .member("name", source.name)
        .member("epoch", source.epoch)
        .member("captured", source.captured);
    json.member("shipped", source.shipped).member("rejected", source.rejected).end_object();
  }
  return json.end_array().end_object().take() + "\n";
}

std::string spool_text(const control::SpoolReport& report) {
  std::string text = fmt::format("{:<16}  {:>14}  {:>12}  {:>12}  {:>10}  {:>10}\n", "source",
                                 "epoch", "captured", "shipped", "waiting", "rejected");
  for (const auto& source : report.sources) {
    text += fmt::format("{:<16}  {:>14}  {:>12}  {:>12}  {:>10}  {:>10}\n", source.name,
                        source.epoch, grouped(source.captured), grouped(source.shipped),
                        grouped(source.captured - source.shipped), grouped(source.rejected));
  }
  return text + "\n" + log_text(report.log);
}

int inspect_spool(const InspectArguments& arguments) {
  auto report = control::inspect_spool(arguments.path);
  if (!report) return failed(report.error());
  print(arguments.json ? spool_json(*report) : spool_text(*report));
  return report->log.damage.empty() ? exit_ok : exit_found;
}

int inspect_checkpoint(const InspectArguments& arguments) {
  auto report = control::inspect_checkpoint(arguments.path);
  if (!report) return failed(report.error());
  if (arguments.json) {
    JsonWriter json;
    json.begin_object()
        .member("file", arguments.path)
        .member("upto", report->upto)
        .member("durable", report->durable);
    print(json.member("state_bytes", report->state_bytes).end_object().take() + "\n");
  } else {
    print(fmt::format(
        "checkpoint  {}\ncovers      the log up to position {} ({} was durable then)\nstate       "
        "{}\n",
        arguments.path, report->upto, report->durable, readable_bytes(report->state_bytes)));
  }
  return exit_ok;
}

}  // namespace

int inspect(const InspectArguments& arguments) {
  if (arguments.what == "log") return inspect_log(arguments);
  if (arguments.what == "spool") return inspect_spool(arguments);
  if (arguments.what == "checkpoint") return inspect_checkpoint(arguments);
  return audit_verify({.file = arguments.path, .digest = {}, .json = arguments.json});
}

}  // namespace holdfast::cli
