#include "cli/demo/datacentres.h"

#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "base/os/clock.h"
#include "base/os/files.h"
#include "base/os/process.h"
#include "cli/demo/folder.h"
#include "cli/output.h"

namespace holdfast::cli::demo {
namespace {

using nlohmann::json;

constexpr int64_t step_timeout_ms = 120'000;

constexpr const char* config_text =
    R"(# Orders into a store in each of two data centers (here: two folders).
kafka: {bootstrap_servers: embedded, data: FOLDER/broker}
spool: {path: FOLDER/spool}
datacenters:
  - {name: amsterdam}
  - {name: frankfurt}     # what it misses is recorded in the next one of the list: amsterdam
sources:
  - {name: shop, topic: orders, file: {path: FOLDER/orders.jsonl, format: jsonl, mode: once}}
pipelines:
  - name: orders
    from: [orders]
    batch: {events: 1000}
    transform:
      columns: {id: BIGINT, customer: VARCHAR, amount: DOUBLE}
      sql: SELECT id, customer, amount FROM events
    to:
      - replicated:
          stores:
            - {datacenter: amsterdam, duckdb: {path: FOLDER/amsterdam/store.duckdb, table: orders}}
            - {datacenter: frankfurt, duckdb: {path: FOLDER/frankfurt/store.duckdb, table: orders}}
    failures: {topic: orders.failures}
)";

Status move(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (!error) return {};
  return fail(ErrorCode::io, fmt::format("cannot move {} to {}: {}", from, to, error.message()));
}

Result<json> parsed(const std::string& text) {
  json value = json::parse(text, nullptr, false);
  if (value.is_object()) return value;
  return fail(ErrorCode::invalid, "a verb of ours printed no JSON: " + text);
}

}  // namespace

Datacentres::Datacentres(std::string folder, int64_t orders, int64_t kills, Draw& draw,
                         Screen& screen, const os::StopSignal& stop)
    : folder_(std::move(folder)),
      config_(folder_ + "/datacentres.yaml"),
      orders_(orders),
      kills_(kills),
      draw_(draw),
      screen_(screen),
      stop_(stop) {
  if (auto program = os::own_program()) program_ = std::move(*program);
}

Status Datacentres::prepare() {
  static constexpr std::string_view leavings[] = {"broker",    "spool",          "amsterdam",
                                                  "frankfurt", "frankfurt.away", "orders.jsonl",
                                                  "log",       "report.json"};
  HOLDFAST_CHECKED(prepare_folder(folder_, leavings));
  HOLDFAST_CHECKED(write_config(folder_, "datacentres.yaml", config_text, "FOLDER"));
  for (const char* name : {"amsterdam", "frankfurt"})
    HOLDFAST_CHECKED(os::real_files().create_directories(folder_ + "/" + name));
  return {};
}

/// The first `upto` orders, each of an id of its own; the file grows.
Status Datacentres::write_orders(int64_t upto) {
  std::string lines;
  for (int64_t i = 0; i < upto; ++i)
    lines += fmt::format(R"({{"id": {}, "customer": "customer {}", "amount": {}.5}})", i, i % 997,
                         i % 500) +
             "\n";
  return os::replace_file(os::real_files(), folder_ + "/orders.jsonl", as_bytes(lines));
}

/// Runs a verb of this program to its end; or kills it after so long, if it runs so long.
Result<Datacentres::Ended> Datacentres::call(const std::vector<std::string>& arguments,
                                             int64_t kill_after_ms) {
  auto process = HOLDFAST_TRY(os::Process::start({.program = program_,
                                                  .arguments = arguments,
                                                  .environment = {},
                                                  .error_file = folder_ + "/log"}));
  Ended ended;
  const int64_t begun_ms = os::real_clock().steady_ms();
  const int64_t bound_ms = kill_after_ms > 0 ? kill_after_ms : step_timeout_ms;
  for (std::optional<int> code; !code; code = process->ended()) {
    if (stop_.asked()) return fail(ErrorCode::interrupted, "asked to stop");
    while (const auto line = process->read_line(20)) ended.output += *line + "\n";
    if (os::real_clock().steady_ms() - begun_ms < bound_ms) continue;
    process->signal(SIGKILL);
    process->wait(10'000);
  }
  while (const auto line = process->read_line(20)) ended.output += *line + "\n";
  ended.code = process->ended().value_or(-SIGKILL);
  killed_ += ended.code == -SIGKILL;
  return ended;
}

Result<std::string> Datacentres::call_and_kill(const std::vector<std::string>& arguments) {
  for (int64_t i = 0; i < kills_; ++i)
    HOLDFAST_TRY(call(arguments, static_cast<int64_t>(draw_.between(80, 600))));
  const Ended ended = HOLDFAST_TRY(call(arguments, 0));
  if (ended.code != 0)
    return fail(ErrorCode::corrupt, fmt::format("holdfast {} ended with {}; see {}/log",
                                                arguments.front(), ended.code, folder_));
  return ended.output;
}

/// A third with both; then one is away, and the rest comes.
Status Datacentres::outage() {
  const std::vector<std::string> carry{"run", config_, "--once"};
  HOLDFAST_CHECKED(write_orders(orders_ / 3));
  HOLDFAST_TRY(call_and_kill(carry));
  screen_.say(fmt::format("  {:>7}  {} orders are in both data centers", screen_.elapsed(),
                          grouped(orders_ / 3)));
  HOLDFAST_CHECKED(move(folder_ + "/frankfurt", folder_ + "/frankfurt.away"));
  screen_.say(fmt::format("  {:>7}  frankfurt is gone; orders keep coming", screen_.elapsed()));
  HOLDFAST_CHECKED(write_orders(orders_));
  HOLDFAST_TRY(call_and_kill(carry));
  const std::string listed =
      HOLDFAST_TRY(call_once({"failures", "list", config_, "--topic", "holdfast.failures.frankfurt",
                              "--limit", "1", "--json"}));
  const json failures = HOLDFAST_TRY(parsed(listed));
  missed_ = failures.value("total", uint64_t{0});
  screen_.say(
      fmt::format("  {:>7}  all {} are in amsterdam; {} failure records wait in amsterdam's Kafka",
                  screen_.elapsed(), grouped(orders_), grouped(static_cast<int64_t>(missed_))));
  if (missed_ == 0) return fail(ErrorCode::corrupt, "nothing was recorded as missed");
  return {};
}

Status Datacentres::bring_back_and_repair() {
  HOLDFAST_CHECKED(move(folder_ + "/frankfurt.away", folder_ + "/frankfurt"));
  screen_.say(fmt::format("  {:>7}  frankfurt is back; repair (killed too)", screen_.elapsed()));
  HOLDFAST_TRY(call_and_kill({"repair", "run", config_, "--once", "--json"}));
  // What the killed ones had done counts too: the states of all records say it.
  const std::string lines = HOLDFAST_TRY(call_once(
      {"failures", "export", config_, "--topic", "holdfast.failures.frankfurt", "--all"}));
  for (size_t begin = 0; begin < lines.size();) {
    const size_t end = std::min(lines.find('\n', begin), lines.size());
    const json one = HOLDFAST_TRY(parsed(lines.substr(begin, end - begin)));
    repaired_ += one["state"] == "repaired";
    superseded_ += one["state"] == "superseded";
    begin = end + 1;
  }
  screen_.say(fmt::format("  {:>7}  {} repaired, {} superseded", screen_.elapsed(),
                          grouped(static_cast<int64_t>(repaired_)),
                          grouped(static_cast<int64_t>(superseded_))));
  if (repaired_ + superseded_ != missed_)
    return fail(ErrorCode::corrupt,
                fmt::format("{} were missed, {} are settled", missed_, repaired_ + superseded_));
  return {};
}

/// The audit reads topics and both stores by itself.
Status Datacentres::prove() {
  const std::string audited = HOLDFAST_TRY(call_once({"audit", "report", config_, "--json"}));
  const json report = HOLDFAST_TRY(parsed(audited));
  for (const json& store : report["stores"])
    for (const json& source : store["sources"]) {
      screen_.say(
          fmt::format("  {:<40} captured {:>8}  delivered {:>8}  lost {}  doubled {}  "
                      "unknown {}",
                      store.value("store", ""), source.value("captured", int64_t{0}),
                      source.value("delivered", int64_t{0}), source.value("lost", int64_t{-1}),
                      source.value("doubled", int64_t{-1}), source.value("unknown", int64_t{-1})));
      if (source["delivered"] != orders_ || source["lost"] != 0 || source["doubled"] != 0)
        return fail(ErrorCode::corrupt, "a data center does not hold each order once");
    }
  if (report["stores"].size() < 2) return fail(ErrorCode::corrupt, "a data center was not judged");
  return {};
}

Result<std::string> Datacentres::call_once(const std::vector<std::string>& arguments) {
  const Ended ended = HOLDFAST_TRY(call(arguments, 0));
  if (ended.code == 0) return ended.output;
  return fail(ErrorCode::corrupt, fmt::format("holdfast {} {} ended with {}; see {}/log",
                                              arguments[0], arguments[1], ended.code, folder_));
}

void Datacentres::tell_what_next() {
  screen_.say(fmt::format(
      "\nDone in {}, {} times killed with -9. What to try next:\n"
      "  build/holdfast failures list {} --all\n"
      "  build/holdfast repair run {}            again: there is nothing to do\n"
      "  build/holdfast audit report {}          the proof again\n"
      "  mv {}/frankfurt {}/away                 then add lines to {}/orders.jsonl, and:\n"
      "  build/holdfast run {} --once            orders are taken as if nothing had happened",
      screen_.elapsed(), killed_, config_, config_, config_, folder_, folder_, folder_, config_));
}

std::string Datacentres::report() const {
  JsonWriter json;
  json.begin_object().member("good", true).member("orders", orders_).member("missed", missed_);
  json.member("repaired", repaired_).member("superseded", superseded_).member("kills", killed_);
  return json.member("took", screen_.elapsed()).end_object().take() + "\n";
}

Status Datacentres::run() {
  HOLDFAST_CHECKED(prepare());
  screen_.say(fmt::format(
      "{} orders -> spool -> broker -> SQL -> a store in Amsterdam and one in Frankfurt.",
      grouped(orders_)));
  HOLDFAST_CHECKED(outage());
  HOLDFAST_CHECKED(bring_back_and_repair());
  HOLDFAST_CHECKED(prove());
  HOLDFAST_CHECKED(
      os::replace_file(os::real_files(), folder_ + "/report.json", as_bytes(report())));
  tell_what_next();
  return {};
}

}  // namespace holdfast::cli::demo
